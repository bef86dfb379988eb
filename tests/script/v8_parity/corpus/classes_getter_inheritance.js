class A { get v() { return 'A'; } toJSON() { return {v: this.v}; } } class B extends A { get v() { return 'B' + super.v; } }
return JSON.stringify([new A(), new B()]);
