console.group('订单'); console.log('一\n二'); console.group(); console.log({a: 1, b: [1, 2]}); console.groupEnd(); console.info('回'); console.groupEnd(); console.log('外');
console.count(); console.count('x'); console.count(); console.countReset(); console.count();
console.assert(1 === 2, '断言%s', '失败'); console.assert(false); console.assert(true, 'no'); console.dir({a: {b: {c: {d: 1}}}});
