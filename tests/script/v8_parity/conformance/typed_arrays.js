const b = new ArrayBuffer(8), v = new DataView(b);
v.setInt16(0, -2); v.setFloat32(4, 1.5, true);
const u = new Uint8Array(b);
return [[...u], v.getUint16(0), v.getFloat32(4, true), [...new Uint8ClampedArray([300, -5, 1.5])], [...new Int8Array([200])], [...new Float64Array([0.1])], u.subarray(0, 2).length, [...u.slice(0, 2)], Uint8Array.from('123').join(), [...new Uint16Array([1, 2]).map(x => x * 2)], new BigInt64Array([5n])[0], u.byteLength, ArrayBuffer.isView(v), [...new Uint8Array([3, 1, 2]).sort()], Object.prototype.toString.call(u), u.at(-1)];
