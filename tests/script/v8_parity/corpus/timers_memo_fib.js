const fib = (m => n => m[n] ??= n < 2 ? n : fib(n - 1) + fib(n - 2))({});
return [fib(50), fib(78)];
