// Which instant a text names: V8 reads ISO 8601 strictly, and anything else by its older, forgiving rules
// (v8/src/date/dateparser.h): words before the first number are skipped, what stands in parentheses too, and of three
// numbers the first is the year only if it can be no month.
'use strict';
({basics: {charCodeAt, newList, uncurry}, NativeDate, shared}) => {
const toInstant = uncurry(NativeDate.prototype.setUTCFullYear);
const WORDS = { // the first three letters -> what it is, its value
  __proto__: null, jan: ['month', 1], feb: ['month', 2], mar: ['month', 3], apr: ['month', 4], may: ['month', 5], jun: ['month', 6],
  jul: ['month', 7], aug: ['month', 8], sep: ['month', 9], oct: ['month', 10], nov: ['month', 11], dec: ['month', 12],
  am: ['half', 0], pm: ['half', 12], t: ['T', 0], z: ['zone', 0], ut: ['zone', 0], utc: ['zone', 0], gmt: ['zone', 0],
  est: ['zone', -5], edt: ['zone', -4], cst: ['zone', -6], cdt: ['zone', -5], mst: ['zone', -7], mdt: ['zone', -6], pst: ['zone', -8], pdt: ['zone', -7],
};
const END = {kind: 'end', isWord: false, value: 0, size: 0}, OTHER = {kind: 'other', isWord: false, value: 0, size: 1};
const isSpace = unit => unit === 32 || unit >= 9 && unit <= 13 || unit === 0xA0 || unit === 0x1680 || unit >= 0x2000 && unit <= 0x200A ||
  unit === 0x2028 || unit === 0x2029 || unit === 0x202F || unit === 0x205F || unit === 0x3000 || unit === 0xFEFF;
const isDigit = unit => unit >= 48 && unit <= 57;
const isMonth = n => n >= 1 && n <= 12, isDay = n => n >= 1 && n <= 31, isBelow = (n, end) => n >= 0 && n < end;
const AT_MOST = 9; // digits that count; longer numbers are cut

function scan(text) { // tokens, of which the next one is `peek`
  const size = text.length;
  let at = 0; // NUL is taken for the end
  const unit = () => at < size ? charCodeAt(text, at) : 0;
  function number() {
    const begin = at;
    let value = 0, counted = 0;
    while (unit() === 48) at++;
    for (; isDigit(unit()); at++) if (counted++ < AT_MOST) value = value * 10 + unit() - 48;
    return {kind: 'number', isWord: false, value, size: at - begin};
  }
  function word() {
    const begin = at;
    let start = '';
    for (; unit() >= 65 && !isSpace(unit()); at++) if (at - begin < 3) start += lower[unit()] ?? '?';
    const size = at - begin, known = WORDS[start], isKnown = known && (size <= 3 || known[0] === 'month');
    return {kind: isKnown ? known[0] : 'word', isWord: true, value: isKnown ? known[1] : 0, size};
  }
  function next() {
    const first = unit();
    if (first === 0) return END;
    if (isDigit(first)) return number();
    if (first >= 65 && !isSpace(first)) return word();
    if (first === 40) { // what is in parentheses is skipped, whether they are closed or not
      let depth = 0;
      do { depth += unit() === 40 ? 1 : unit() === 41 ? -1 : 0; at++; } while (depth > 0 && unit() !== 0);
      return OTHER;
    }
    at++;
    return {kind: isSpace(first) ? 'space' : SYMBOLS[first] ?? 'other', isWord: false, value: 0, size: 1};
  }
  const scanner = {
    __proto__: null, peek: next(),
    take() { const taken = scanner.peek; scanner.peek = next(); return taken; },
    skip(kind) { const is = scanner.peek.kind === kind; if (is) scanner.take(); return is; },
    hasDigits: count => scanner.peek.kind === 'number' && scanner.peek.size === count,
  };
  return scanner;
}
const SYMBOLS = {__proto__: null, 58: ':', 45: '-', 43: '+', 46: '.', 41: ')'};
const lower = {__proto__: null};
for (let unit = 65; unit <= 90; unit++) lower[unit] = lower[unit + 32] = 'abcdefghijklmnopqrstuvwxyz'[unit - 65];

function milliseconds({value, size}) {
  for (let digits = size; digits < 3; digits++) value *= 10;
  for (let digits = size < AT_MOST ? size : AT_MOST; digits > 3; digits--) value = (value - value % 10) / 10;
  return value;
}
const isSign = token => token.kind === '+' || token.kind === '-';

// What is known so far: numbers of the day and of the time, in their order, a month's name, hours to add, an offset.
const start = () => ({__proto__: null, day: newList(), time: newList(), month: 0, half: -1, sign: 0, hours: -1, minutes: -1, isIso: false});
const add = (list, n, most) => list.length < most && (list[list.length] = n, true);
function end(time, n) { add(time, n, 4); while (add(time, 0, 4)); }
function expects(time, n) { const size = time.length; return size === 1 || size === 2 ? isBelow(n, 60) : size === 3 && isBelow(n, 1000); }
function setZone(known, hours) { known.sign = hours < 0 ? -1 : 1; known.hours = hours < 0 ? -hours : hours; known.minutes = 0; }

function readIso(scanner, known) { // returns the token with which the older rules go on; END if it is whole, null if it is wrong
  const {day} = known;
  if (isSign(scanner.peek)) {
    const sign = scanner.take();
    if (!scanner.hasDigits(6) || sign.kind === '-' && scanner.peek.value === 0) {
      if (scanner.hasDigits(6)) scanner.take();
      return sign;
    }
    add(day, (sign.kind === '-' ? -1 : 1) * scanner.take().value, 3);
  } else if (scanner.hasDigits(4)) add(day, scanner.take().value, 3);
  else return scanner.take();
  if (scanner.skip('-')) {
    if (!scanner.hasDigits(2) || !isMonth(scanner.peek.value)) return scanner.take();
    add(day, scanner.take().value, 3);
    if (scanner.skip('-')) {
      if (!scanner.hasDigits(2) || !isDay(scanner.peek.value)) return scanner.take();
      add(day, scanner.take().value, 3);
    }
  }
  if (scanner.peek.kind === 'T') {
    scanner.take();
    if (!readIsoTime(scanner, known)) return null;
  } else if (scanner.peek !== END) return scanner.take();
  if (known.hours < 0 && known.time.length === 0) setZone(known, 0); // a day alone is in UTC, a time is local
  known.isIso = true;
  return END;
}
function readIsoTime(scanner, known) {
  const {time} = known, two = limit => scanner.hasDigits(2) && isBelow(scanner.peek.value, time[0] === 24 ? 1 : limit) && add(time, scanner.take().value, 4);
  if (!two(25) || !scanner.skip(':') || !two(60)) return false;
  if (scanner.skip(':')) {
    if (!two(60)) return false;
    if (scanner.skip('.')) {
      if (scanner.peek.kind !== 'number' || time[0] === 24 && scanner.peek.value > 0) return false;
      add(time, milliseconds(scanner.take()), 4);
    }
  }
  if (scanner.peek.kind === 'zone' && scanner.peek.size === 1) {
    scanner.take();
    setZone(known, 0);
  } else if (isSign(scanner.peek)) {
    known.sign = scanner.take().kind === '+' ? 1 : -1;
    if (scanner.hasDigits(4)) {
      const {value} = scanner.take();
      known.minutes = value % 100;
      known.hours = (value - known.minutes) / 100;
      if (!isBelow(known.hours, 24) || !isBelow(known.minutes, 60)) return false;
    } else {
      if (!scanner.hasDigits(2) || !isBelow(scanner.peek.value, 24)) return false;
      known.hours = scanner.take().value;
      if (!scanner.skip(':') || !scanner.hasDigits(2) || !isBelow(scanner.peek.value, 60)) return false;
      known.minutes = scanner.take().value;
    }
  }
  return scanner.peek === END;
}
function readNumber(scanner, known, n) { // false if the text is no date
  const {day, time} = known;
  if (scanner.skip(':')) {
    if (scanner.skip(':')) return time.length === 0 && add(time, n, 4) && add(time, 0, 4);
    if (!add(time, n, 4)) return false;
    scanner.skip('.');
    return true;
  }
  if (scanner.skip('.') && expects(time, n)) {
    add(time, n, 4);
    if (scanner.peek.kind !== 'number') return false;
    end(time, milliseconds(scanner.take()));
    return true;
  }
  if (known.hours >= 0 && known.minutes < 0 && isBelow(n, 60)) {
    known.minutes = n;
    return true;
  }
  if (expects(time, n)) {
    end(time, n);
    const {kind, size} = scanner.peek;
    return kind === 'end' || kind === 'space' || kind === 'zone' && size === 1 || isSign(scanner.peek);
  }
  if (!add(day, n, 3)) return false;
  scanner.skip('-');
  return true;
}
function readWord(scanner, known, {kind, value}, hasNumber) {
  if (kind === 'half' && known.time.length > 0) known.half = value;
  else if (kind === 'month') {
    known.month = value;
    scanner.skip('-');
  } else if (kind === 'zone' && hasNumber) setZone(known, value);
  else return !hasNumber && scanner.peek.kind !== 'number'; // a word behind a number, or a number stuck to a word
  return true;
}
function readOffset(scanner, known, sign) { // GMT+8, +0800; of +08:00 the minutes are the next number
  known.sign = sign.kind === '-' ? -1 : 1;
  const {value, size} = scanner.peek.kind === 'number' ? scanner.take() : END;
  if (scanner.peek.kind === ':') {
    known.hours = value;
    known.minutes = -1;
  } else if (size === 1 || size === 2) {
    known.hours = value;
    known.minutes = 0;
  } else if (size === 3 || size === 4) {
    known.minutes = value % 100;
    known.hours = (value - known.minutes) / 100;
  } else return false;
  return true;
}
function readRest(scanner, known, token) {
  let hasNumber = known.day.length > 0;
  for (; token !== END; token = scanner.take()) {
    const {kind} = token, isSigned = isSign(token);
    if (kind === 'number') {
      hasNumber = true;
      if (!readNumber(scanner, known, token.value)) return false;
    } else if (token.isWord) {
      if (!readWord(scanner, known, token, hasNumber)) return false;
    } else if (isSigned && (known.hours === 0 && known.minutes === 0 || known.time.length > 0)) {
      hasNumber = true;
      if (!readOffset(scanner, known, token)) return false;
    } else if ((isSigned || kind === ')') && hasNumber) return false;
  }
  return true;
}
function findDay({day, month, isIso}) { // the instant at which the day begins, in UTC
  if (day.length < 1) return NaN;
  while (add(day, 1, 3));
  let year, number;
  if (month === 0) {
    if (isIso || !isDay(day[0])) { year = day[0]; month = day[1]; number = day[2]; }
    else { month = day[0]; number = day[1]; year = day[2]; }
  } else if (isDay(day[0])) { number = day[0]; year = day[1]; }
  else { year = day[0]; number = day[1]; }
  if (!isIso && isBelow(year, 100)) year += year < 50 ? 2000 : 1900;
  return isMonth(month) && isDay(number) ? toInstant(new NativeDate(0), year, month - 1, number) : NaN;
}
function findTime({time, half}) { // milliseconds since midnight
  while (add(time, 0, 4));
  if (half >= 0) {
    if (!isBelow(time[0], 13)) return NaN;
    time[0] = time[0] % 12 + half;
  }
  const rest = time[1] * 60000 + time[2] * 1000 + time[3];
  const fits = isBelow(time[0], 24) && isBelow(time[1], 60) && isBelow(time[2], 60) && isBelow(time[3], 1000);
  return fits || time[0] === 24 && rest === 0 ? time[0] * 3600000 + rest : NaN;
}
return {parse(text) {
  const scanner = scan(text), known = start(), token = readIso(scanner, known);
  if (token === null || !readRest(scanner, known, token)) return NaN;
  const {sign, hours, minutes} = known, seconds = ((hours < 0 ? 0 : hours) * 3600 + (minutes < 0 ? 0 : minutes) * 60) >>> 0;
  if (seconds > 0x7FFFFFFF) return NaN;
  const instant = findDay(known) + findTime(known) - (sign === 0 ? shared.offset : sign * seconds * 1000);
  return instant >= -864e13 && instant <= 864e13 ? instant : NaN;
}};
}
