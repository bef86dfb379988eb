class C { static x; static { C.x = [1, 2].map(n => n * 2); } static #y = 3; static get y() { return C.#y; } }
return [C.x, C.y, typeof C, C.length];
