"""What printed JavaScript calls: arithmetic that does not overflow on the way, and the functions of bounds.

A number is a JavaScript number, or ``{m, e}`` for ``m 2**e`` with ``1 <= |m| < 2`` where that would overflow or
underflow; every operation takes and returns either, so that only extreme values cost more (theory §12). A printed
function ends with ``stl_double``: ``Infinity`` where the value exceeds the largest double.
"""

from __future__ import annotations

__all__ = ["RUNTIME"]

#: The functions that printed code calls, each once; to be put on a page before any printed function.
RUNTIME = """\
function stl_split(x) {
  if (typeof x !== "number") { return x; }
  if (x === 0 || !isFinite(x)) { return { m: x, e: 0 }; }
  var e = Math.floor(Math.log2(Math.abs(x))), half = e >> 1;
  return { m: x * Math.pow(2, -half) * Math.pow(2, half - e), e: e };
}
function stl_joined(m, e) {
  var x = stl_split(m);
  if (x.m === 0 || !isFinite(x.m)) { return x.m; }
  return Math.abs(x.e + e) < 900 ? x.m * Math.pow(2, x.e + e) : { m: x.m, e: x.e + e };
}
function stl_double(x) {
  if (typeof x === "number") { return x; }
  var e = Math.max(-1200, Math.min(1200, x.e)), half = e >> 1;
  return x.m * Math.pow(2, half) * Math.pow(2, e - half);
}
function stl_fine(x) { var size = Math.abs(x); return size > 1e-290 && size < Infinity; }
function stl_add() {
  var total = arguments[0], k, x, y, sum;
  for (k = 1; k < arguments.length; k += 1) {
    x = total; y = arguments[k]; sum = x + y;
    if (typeof sum === "number" && (isFinite(sum) || !isFinite(x) || !isFinite(y))) { total = sum; continue; }
    x = stl_split(x); y = stl_split(y);
    if (x.m === 0 || y.m === 0) { total = stl_joined(x.m + y.m, x.m === 0 ? y.e : x.e); continue; }
    sum = Math.max(x.e, y.e);
    total = stl_joined(x.m * Math.pow(2, x.e - sum) + y.m * Math.pow(2, y.e - sum), sum);
  }
  return total;
}
function stl_negative(x) { return typeof x === "number" ? -x : { m: -x.m, e: x.e }; }
function stl_mul() {
  var total = arguments[0], k, x, y, product;
  for (k = 1; k < arguments.length; k += 1) {
    x = total; y = arguments[k]; product = x * y;
    if (stl_fine(product)) { total = product; continue; }
    x = stl_split(x); y = stl_split(y);
    total = stl_joined(x.m * y.m, x.e + y.e);
  }
  return total;
}
function stl_div(x, y) {
  var quotient = x / y;
  if (stl_fine(quotient)) { return quotient; }
  x = stl_split(x); y = stl_split(y);
  return stl_joined(x.m / y.m, x.e - y.e);
}
function stl_root(x) {
  if (typeof x === "number") { return Math.sqrt(x); }
  var odd = Math.abs(x.e % 2);
  return stl_joined(Math.sqrt(odd ? 2 * x.m : x.m), (x.e - odd) / 2);
}
function stl_pow(x, y) {
  var power, small, large, low, high;
  if (y === 2) { return stl_mul(x, x); }
  y = stl_double(y);
  power = Math.pow(x, y);
  if (stl_fine(power) || x === 0 || y === 0) { return power; }
  x = stl_split(x); small = y * Math.log2(Math.abs(x.m)); large = y * x.e;
  low = Math.round(small); high = Math.round(large);
  power = Math.pow(2, small - low) * Math.pow(2, large - high);
  return stl_joined(x.m < 0 && Math.abs(y % 2) === 1 ? -power : power, low + high);
}
function stl_exp(x) {
  x = stl_double(x);
  var value = Math.exp(x), whole = Math.round(x / Math.LN2);
  return stl_fine(value) || !isFinite(x) ? value : stl_joined(Math.exp(x - whole * Math.LN2), whole);
}
function stl_log(x) { return typeof x === "number" ? Math.log(x) : Math.log(x.m) + x.e * Math.LN2; }
function stl_tanh(x) { return Math.tanh(stl_double(x)); }
function stl_sign(x, y) { var gap = stl_add(x, stl_negative(y)); return typeof gap === "number" ? gap : gap.m; }
function stl_min(x, y) { return stl_sign(x, y) < 0 ? x : y; }
function stl_max(x, y) { return stl_sign(x, y) > 0 ? x : y; }
function stl_abs(x) { return stl_max(x, stl_negative(x)); }
function stl_geometric_sum_from(offset, k) {
  var size = stl_double(offset), power, exponent;
  if (k <= 1 || size === 0) { return k; }
  if (size === -1) { return 1; }
  if (size >= 1) {
    power = stl_pow(stl_add(1, offset), k - 1);
    return stl_add(power, stl_div(stl_add(power, -1), offset));
  }
  exponent = k * Math.log1p(size);
  return exponent > 600 ? stl_div(stl_exp(exponent), size) : Math.expm1(exponent) / size;
}
function geometric_sum(r, k) { return stl_geometric_sum_from(stl_add(r, -1), k); }
function geometric_sum_from_one(a, k) { return stl_geometric_sum_from(stl_negative(a), k); }
function stl_sum(term, first, last) {
  var total = 0, lost = 0, rest = 0, k, value, next;
  for (k = first; k <= last; k += 1) {
    value = term(k); next = total + (value - lost);
    if (isFinite(next)) { value -= lost; lost = (next - total) - value; total = next; }
    else { rest = stl_add(rest, value); }
  }
  return stl_add(total, rest);
}
function stl_product(term, first, last) {
  var total = 1, k;
  for (k = first; k <= last; k += 1) { total = stl_mul(total, term(k)); }
  return total;
}
function growth(kappa, j, i) { return stl_product(function (m) { return stl_add(1, stl_div(kappa, m)); }, j + 1, i); }
var stl_grown = [];
function growth_sum(kappa, i, p, start) {
  var begin = start || 0, total = 1 - begin, shift = 0, one = 1, m = 1, g = stl_grown, rate = stl_double(kappa), q;
  /* A sum over generations asks for one after the other. */
  if (g[0] === rate && g[1] === p && g[2] === begin && g[3] <= i) { total = g[4]; shift = g[5]; m = g[3] + 1; }
  for (one = shift ? Math.pow(2, -shift) : 1; m <= i; m += 1) {
    for (q = 0; q < p; q += 1) {
      total *= 1 + rate / m;
      if (total > 1e150) { total *= Math.pow(2, -400); shift += 400; one = Math.pow(2, -shift); }
    }
    total += one;
  }
  stl_grown = [rate, p, begin, i, total, shift];
  return shift ? stl_joined(total, shift) : total;
}
function listed(index) { return arguments[Math.min(Math.max(index, 1), arguments.length - 1)]; }
function binary_depth(size) {
  var depth = 0, leaves = 1;
  while (leaves < size) { leaves *= 2; depth += 1; }
  return depth;
}
function erf(value) {
  var x = stl_double(value), square = x * x, term, total, k, fraction;
  if (x < 0) { return -erf(-x); }
  if (x < 2.5) {
    term = x; total = x;
    for (k = 1; k < 100; k += 1) { term *= 2 * square / (2 * k + 1); total += term; }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-square) * total;
  }
  fraction = 0;
  for (k = 60; k >= 1; k -= 1) { fraction = k / 2 / (x + fraction); }
  return 1 - Math.exp(-square) / Math.sqrt(Math.PI) / (x + fraction);
}
function stl_layers(omega, layers) {
  var spread = 2, mean = 1, query = 0, context, own, l;
  for (l = 0; l < layers; l += 1) {
    context = stl_mul(stl_exp(omega * spread / 2), 1 + omega * spread / 2);
    own = omega * spread * spread / 8;
    query = stl_add(stl_mul(context, mean), stl_mul(own, query));
    mean = stl_mul(mean, stl_add(context, own));
    spread *= Math.tanh(own);
  }
  return [spread, mean, query];
}
function layer_spread(omega, l) { return stl_layers(omega, l)[0]; }
function layer_mean(omega, l) { return stl_layers(omega, l)[1]; }
function layer_query(omega, l) { return stl_layers(omega, l)[2]; }
"""
