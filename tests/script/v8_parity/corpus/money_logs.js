return [Math.log10(1000), Math.log(10), Math.log2(8), Math.cbrt(27), Math.exp(1), Math.hypot(3, 4), Math.log1p(0.05), Math.expm1(0.05), Math.sin(1), Math.atan2(1, 2), Math.tanh(0.5)];
