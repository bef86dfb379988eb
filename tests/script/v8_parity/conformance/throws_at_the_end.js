console.log('前');
await null;
throw new RangeError('金额超出范围');
