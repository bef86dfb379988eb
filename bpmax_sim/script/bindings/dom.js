// DOMException, atob and btoa of the engine, with the line that made or threw the error.
'use strict';
({placed, rawOf, native, NativeError}) => {
const {DOMException: Native} = native, {apply, construct} = Reflect;
function known(error) {
  if (error instanceof Native) placed.set(error, rawOf(new NativeError()));
  return error;
}
const Placed = new Proxy(Native, {
  construct: (_, args, target) => known(construct(Native, args, target === Placed ? Native : target)),
});
Object.defineProperty(Native.prototype, 'constructor', {value: Placed, writable: true, configurable: true});
const through = name => ({[name](data) {
  try { return apply(native[name], undefined, arguments); } catch (error) { throw known(error); }
}}[name]);
return {DOMException: Placed, atob: through('atob'), btoa: through('btoa')};
}
