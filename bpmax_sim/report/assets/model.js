// What the page knows: the index, stories read when they are opened, the state in the address, texts.
const {html, render, useState, useEffect, useRef, useMemo, useLayoutEffect} = htmPreact;
const read = id => { const block = document.getElementById(id); return block ? JSON.parse(block.textContent) : null; };
const index = read('index');
const stories = index.stories.map((story, number) => ({...story, number,
  words: [story.name, story.place, ...story.tags, ...story.apis].join('\n').toLowerCase()}));
const stored = (name, value) => { try { // a page from file:// may have no storage
  if (value === undefined) return localStorage.getItem('bpmax-' + name);
  localStorage.setItem('bpmax-' + name, value);
} catch { /* it is forgotten then */ } return null; };
let language = ['zh', 'en'].includes(stored('language')) ? stored('language') : index.language;
const t = (name, values = {}) => {
  const told = index.texts[name] ? index.texts[name][language] : name;
  return told.replace(/\{(\w+)\}/g, (all, key) => key in values ? values[key] : all);
};
const say = text => text && typeof text === 'object' && 'en' in text ? text[language] ?? text.en : text ?? '';
const MARKS = index.marks;
const UNITS = [[86400, 'days'], [3600, 'hours'], [60, 'minutes']];
const seconds = s => {
  const [size, name] = UNITS.find(([size]) => s >= size) || [];
  if (size) { const n = +(s / size).toFixed(1); return t(n === 1 && index.texts['1 ' + name] ? '1 ' + name : name, {n}); }
  return s >= 1 ? +s.toFixed(3) + ' s' : Math.round(s * 1e6) / 1e3 + ' ms';
};

// The address: #s=story&e=event&t=tab&q=words&f=filters; what is not in it has its usual value.
const KEYS = ['s', 'e', 't', 'q', 'status', 'tag', 'platform', 'api', 'c', 'p'];
const fromHash = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(KEYS.map(key => [key, given.get(key) || '']));
};
const toHash = state => {
  const told = new URLSearchParams();
  for (const key of KEYS) if (state[key]) told.set(key, state[key]);
  return '#' + told;
};
const platformOf = api => api.split('.')[0];
const matching = state => {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  return stories.filter(story => words.every(word => story.words.includes(word))
    && (!state.status || story.outcome === state.status)
    && (!state.tag || story.tags.includes(state.tag))
    && (!state.api || story.apis.includes(state.api))
    && (!state.platform || story.apis.some(api => platformOf(api) === state.platform)));
};

const opened = new Map();
const texts = new Map();
const sourceOf = (story, file) => {
  const number = story.sources[file];
  if (number === undefined) return null;
  if (!texts.has(number)) texts.set(number, read('file-' + number));
  return texts.get(number);
};
const LANES = ['person', 'form', 'script', 'call', 'flow'];
const LANE_OF = {StepStarted: 'person', FieldChanged: 'form', MessageShown: 'form', CycleCut: 'form', HookStarted: 'script',
  ConsoleWritten: 'script', TimerFired: 'script', ErrorThrown: 'script', CallMade: 'call', FaultStruck: 'call', NodeEntered: 'flow', RouteEvaluated: 'flow'};
const QUIET = new Set(['ScenarioStarted', 'ScenarioFinished', 'StepFinished', 'CallAnswered', 'CallAttempted', 'FaultStruck']);
const json = value => JSON.stringify(value) ?? '';
const short = (text, most = 120) => text.length > most ? text.slice(0, most - 1) + '…' : text;
const conditionOf = e => [e.when, ...Object.entries(e.values).map(([name, value]) => name + ' = ' + value)].join(', ');
const TITLES = {
  StepStarted: e => (e.total ? t('step', {n: e.number, total: e.total}) + ' ' : '') + e.title,
  FieldChanged: e => e.field + ': ' + short(json(e.old), 40) + ' → ' + short(json(e.new), 60) + ' ' + t('by', {by: t(e.by)}),
  MessageShown: e => e.level + ': ' + e.text,
  CycleCut: e => e.chain.join(' → '),
  HookStarted: e => t('runs', {hook: e.hook}),
  ConsoleWritten: e => e.level + ': ' + e.text,
  TimerFired: e => t('timer', {t: seconds(e.delay)}),
  ErrorThrown: e => e.type + ': ' + say(e.message),
  CallMade: e => e.call + (e.struck ? ' ⚡' : ''),
  PersonActed: e => [e.node ? e.node + ':' : '', label(e.action), e.by ? t('by', {by: e.by}) : '', e.to.length ? '→ ' + e.to.join(', ') : '', e.comment].filter(Boolean).join(' '),
  BranchArrived: e => e.node + ' → ' + e.join + (e.waiting.length ? ' (… ' + e.waiting.join(', ') + ')' : ''),
  DeadlinePassed: e => e.node + ': ⏰ ' + e.does,
  NotificationSent: e => e.kind + ' → ' + e.to.join(', ') + ': ' + e.text,
  RouteEvaluated: e => t(e.taken ? 'route taken' : 'route not taken') + ' ' + e.node + ' → ' + e.to + ': ' + conditionOf(e),
  NodeEntered: e => (e.previous ? e.previous + ' → ' : '') + e.node + ' (' + e.action + (e.by ? ' ' + t('by', {by: e.by}) : '') + ')',
};
const other = e => e.event + ' ' + Object.entries(e).filter(([key]) => !['event', 'at', 'seq', 'offset', 'id', 'step'].includes(key)).map(([key, value]) => key + ': ' + json(value)).join(', ');
const titleOf = e => short((TITLES[e.event] || other)(e).replace(/\s+/g, ' '), 300);

// One story: steps with what belongs to them, calls with their sendings, and rows in order.
function open(number) {
  if (opened.has(number)) return opened.get(number);
  const told = read('story-' + number);
  if (!told) return null;
  const story = {...stories[number], ...told, steps: [], made: new Map(), rows: []};
  const stack = [];
  const begin = story.events[0]?.at ?? 0;
  let end = begin, form = null;
  story.events.forEach((e, order) => {
    e.offset = e.at - begin;
    e.id = order + 1;
    end = Math.max(end, e.at + (e.event === 'CallAttempted' ? e.duration : 0));
    // A form that is still the same is written once.
    if (e.event === 'StepStarted' || e.event === 'StepFinished') e.form = form = 'form' in e ? e.form : form;
    if (e.event === 'StepStarted') {
      const step = {start: e, end: null, first: order, last: order, console: [], checks: []};
      stack.push(step);
      story.steps.push(step);
    } else if (e.event === 'StepFinished') {
      const step = stack.pop();
      if (step) Object.assign(step, {end: e, last: order, checks: e.checks || []});
    } else if (e.event === 'CallMade') {
      story.made.set(e.number, {made: e, answer: null, attempts: [], faults: []});
    } else if (e.event === 'CallAttempted') {
      story.made.get(e.number)?.attempts.push(e);
    } else if (e.event === 'CallAnswered') {
      const call = story.made.get(e.number);
      if (call) call.answer = e;
    }
    e.step = stack[stack.length - 1] || null;
    if (e.event === 'StepStarted') e.step = story.steps[story.steps.length - 1];
    if (!QUIET.has(e.event) && (e.event !== 'RouteEvaluated' || e.when)) story.rows.push(e);
  });
  for (const e of story.events) {
    const call = e.event === 'FaultStruck' && story.made.get(e.number);
    if (call) { call.faults.push(e); call.made.struck = true; }
  }
  story.length = end - begin;
  story.byId = new Map(story.rows.map(e => [String(e.id), e]));
  story.finished = story.events.find(e => e.event === 'ScenarioFinished') || null;
  opened.set(number, story);
  return story;
}
const outcomeOf = (story, e) => {
  if (e.event === 'CallMade') {
    const {answer, attempts} = story.made.get(e.number);
    return !answer || answer.error ? 'failed' : attempts.length ? 'again' : 'passed';
  }
  if (e.event === 'StepStarted') return e.step?.end?.outcome || 'did not end';
  return e.event === 'ErrorThrown' || e.level === 'error' ? 'failed' : '';
};
const statusOf = call => !call.answer ? t('no answer') : call.answer.error || String(call.answer.status ?? '');
