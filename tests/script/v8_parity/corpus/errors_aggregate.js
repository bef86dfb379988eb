const e = new AggregateError([new Error('一'), new TypeError('二')], '多个');
return [e.message, e.errors.length, e.errors.map(String), e instanceof Error];
