return [await Promise.all([]), await Promise.allSettled([]), await Promise.any([]).catch(e => e.constructor.name)];
