class E { h = {}; on(n, f) { (this.h[n] ||= []).push(f); return this; } emit(n, ...a) { return (this.h[n] || []).map(f => f(...a)); } }
return new E().on('改', v => v + 1).on('改', v => v * 2).emit('改', 5);
