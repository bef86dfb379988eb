function F() { return new.target === F; } class P { constructor() { this.k = new.target.name; } } class Q extends P {}
return [new Q().k, F(), Reflect.construct(P, [], Q) instanceof Q];
