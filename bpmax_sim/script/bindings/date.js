// Date in virtual time and in the scenario's zone: a fixed offset, whatever the machine's zone is.
'use strict';
({borrowed, define, NativeDate, timeOf, shared}) => {
const proto = NativeDate.prototype, {construct, apply} = Reflect;
const time = date => apply(timeOf, date, []);
const LAST = 864e13; // within hours of the last instant, local time stops there
const shifted = date => new NativeDate(Math.max(-LAST, Math.min(LAST, time(date) + shared.offset)));
const methods = {};
for (const unit of ['Date', 'Day', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds']) {
  const read = proto[`getUTC${unit}`], change = proto[`setUTC${unit}`];
  methods[`get${unit}`] = date => apply(read, shifted(date), []);
  if (change) methods[`set${unit}`] = (date, ...args) =>
    date.setTime(apply(change, shifted(date), args) - shared.offset);
}
const two = n => `${n}`.padStart(2, '0');
function day(date) {
  const [name, number, month, year] = shifted(date).toUTCString().split(/,? /);
  return `${name} ${month} ${number} ${year}`;
}
const ZONE_NAMES = {480: ' (中国标准时间)', 0: ' (协调世界时)'};
function clock(date) {
  const minutes = shared.offset / 60000, size = Math.abs(minutes);
  const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
  return `${shifted(date).toISOString().slice(-13, -5)} GMT${zone}${ZONE_NAMES[minutes] ?? ''}`;
}
const printed = write => date => Number.isNaN(time(date)) ? 'Invalid Date' : write(date);
Object.assign(methods, {
  getYear: date => methods.getFullYear(date) - 1900,
  setYear: (date, year) => methods.setFullYear(date, year >= 0 && year <= 99 ? 1900 + Math.trunc(year) : year),
  getTimezoneOffset: date => Number.isNaN(time(date)) ? NaN : 0 - shared.offset / 60000,
  toDateString: printed(day),
  toTimeString: printed(clock),
  toString: printed(date => `${day(date)} ${clock(date)}`),
});
const iso = proto.toISOString;
methods.toISOString = date => {
  if (Number.isNaN(time(date))) throw new RangeError('Invalid time value');
  return apply(iso, date, []);
};
const ISO = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/; // the engine reads it as V8 does
function parse(value) {
  const text = `${value}`, instant = ISO.test(text) ? nativeParse(text) : NaN;
  return instant === instant ? instant : shared.dateParser().parse(text);
}
const nativeParse = NativeDate.parse, utc = NativeDate.UTC;
function instant(args) {
  if (args.length === 0) return shared.now;
  if (args.length > 1) return utc(...args) - shared.offset;
  let [value] = args;
  if (value instanceof NativeDate) return time(value);
  if (typeof value === 'object' && value !== null) {
    value = value[Symbol.toPrimitive] ? value[Symbol.toPrimitive]('default') : value.valueOf();
    if (typeof value === 'object') value = `${value}`;
  }
  return typeof value === 'string' ? parse(value) : value;
}
const VirtualDate = new Proxy(NativeDate, {
  apply: () => methods.toString(new NativeDate(shared.now)),
  construct: (_, args, target) =>
    construct(NativeDate, [instant(args)], target === VirtualDate ? NativeDate : target),
});
define(NativeDate, 'now', function now() { return shared.now; });
define(NativeDate, 'parse', {parse(text) { return parse(text); }}.parse);
for (const name in methods) define(proto, name, {[name](...args) { return methods[name](this, ...args); }}[name]);
define(proto, 'constructor', VirtualDate);
borrowed(proto, 'date.', 'toLocaleString', 'toLocaleDateString', 'toLocaleTimeString');
return {Date: VirtualDate};
}
