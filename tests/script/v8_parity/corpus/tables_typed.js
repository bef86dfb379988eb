console.log(new Uint8Array([1, 2, 255]), new Float64Array(2), new Uint8Array(3).buffer, new BigInt64Array(1), new Uint8Array(0));
return [...new Uint8Array([256, -1, 1.9])];
