// The page as a whole: what is chosen stands in the address, so that every state has a link.
const count = outcome => stories.filter(story => story.outcome === outcome).length;
const among = of => [...new Set(stories.flatMap(of))].sort();
function Choice({name, values, state, go}) {
  if (!values.length) return null;
  return html`<label><span>${t(name)}</span><select value=${state[name]} onChange=${event => go({[name]: event.currentTarget.value})}>
    <option value="">${t('all')}</option>${values.map(value => html`<option value=${value} selected=${state[name] === value}>${name === 'status' ? t(value) : value}</option>`)}</select></label>`;
}
function itemsOf(found) {
  const items = [];
  let file = null, base = null;
  for (const story of found) {
    const own = lineOf(story.place).file, of = story.row ? story.name.slice(0, -story.row.length - 2) : '';
    if (own !== file) { items.push({key: 'h' + items.length, heading: true, text: own}); file = own; base = null; }
    if (of && of !== base) { items.push({key: 'h' + items.length, heading: true, sub: true, text: of}); base = of; }
    items.push({key: story.id, story, inner: Boolean(of)});
  }
  return items;
}
const facets = {tag: among(story => story.tags), platform: among(story => story.apis.map(platformOf)), api: among(story => story.apis)};
const outcomes = Object.keys(MARKS).filter(count);
function Tree({state, go, found}) {
  const items = useMemo(() => itemsOf(found), [found]);
  return html`<nav class="tree" aria-label=${t('scenarios')}>
    ${index.problems.length ? html`<details class="problems" open><summary class="failed">× ${t('unreadable', {n: index.problems.length})}</summary><ul>${index.problems.map(line => html`<li>${line}</li>`)}</ul></details>` : null}
    ${index.parts.all ? html`<details class="problems parts"><summary class=${index.parts.unused.length ? '' : 'passed'}>${t('parts', {n: index.parts.used, all: index.parts.all})}</summary>${
      index.parts.unused.length ? html`<p>${t('part unused')}</p>` : null}<ul>${index.parts.unused.map(part => html`<li>${t('part ' + part.kind)} <bdi>${part.name}</bdi> <span class="quiet">${part.place}</span></li>`)}</ul></details>` : null}
    <div class="search"><input id="search" type="search" placeholder=${t('search')} aria-label=${t('search')} value=${state.q}
      onInput=${event => go({q: event.currentTarget.value}, true)}
      onKeyDown=${event => { if (event.key === 'Enter' && found[0]) { go({s: found[0].id, e: '', t: ''}); event.currentTarget.blur(); } }} /></div>
    <details class="filters" open=${Boolean(state.status || state.tag || state.platform || state.api)}><summary>${t('filters')} · ${t('shown', {n: found.length, all: stories.length})}</summary>
      <div><${Choice} name="status" values=${outcomes} state=${state} go=${go} />
      ${Object.entries(facets).map(([name, values]) => html`<${Choice} name=${name} values=${values} state=${state} go=${go} />`)}</div></details>
    ${found.length ? html`<${List} items=${items} height=${30} label=${t('scenarios')} id="story" selected=${state.s} className="stories" onSelect=${key => go({s: key, e: '', t: ''})}
      row=${item => item.heading ? html`<span class=${item.sub ? 'sub' : 'path'}><bdi>${item.text}</bdi></span>`
        : html`<span class="mark ${item.story.outcome.replaceAll(' ', '-')}" aria-label=${t(item.story.outcome)}>${MARKS[item.story.outcome]}</span><span class="name ${item.inner ? 'inner' : ''}"><bdi>${item.inner ? item.story.row : item.story.name}</bdi></span>`} />`
      : html`<p class="quiet">${t('nothing')}</p>`}</nav>`;
}
function Events({story, state, go}) {
  const items = useMemo(() => story.rows.map(e => ({key: String(e.id), e})), [story]);
  return html`<section class="events"><h3>${t('events')}</h3><${List} items=${items} height=${27} label=${t('events')} id="event" selected=${state.e} className="rows" onSelect=${key => go({e: key, t: ''})}
    row=${({e}) => html`<span class="time">+${seconds(e.offset)}</span><span class="dot ${LANE_OF[e.event] || 'flow'}"></span><span class="title ${outcomeOf(story, e).replaceAll(' ', '-')} ${e.event === 'StepStarted' ? 'step' : ''}">${titleOf(e)}</span>${
      e.event === 'CallMade' ? html`<span class="status ${outcomeOf(story, e)}">${statusOf(story.made.get(e.number))}</span>` : null}${
      e.event === 'StepStarted' && e.step.end ? html`<span class="status ${e.step.end.outcome}">${MARKS[e.step.end.outcome]}</span>` : null}`} /></section>`;
}
function Story({number, state, go}) {
  const story = open(number), known = stories[number];
  if (!story) return html`<main class="story"><header><h1>${known.name}</h1></header><p class="quiet">${t('left out')}</p></main>`;
  const event = story.byId.get(state.e) || null;
  const select = (e, tab = '') => go({e, t: tab});
  return html`<main class="story"><header>
      <h1><span class=${story.outcome.replaceAll(' ', '-')}>${MARKS[story.outcome]} ${t(story.outcome)}</span> <bdi>${story.name}</bdi></h1>
      <p class="place">${story.place} · ${story.calls} ${t('calls')} · ${t('virtual')} ${seconds(story.length)}${story.engine ? ` · ${story.engine}` : ''}${story.tags.map(tag => html` <span class="tag">${tag}</span>`)}</p>
      ${story.reason ? html`<p class="note">${story.reason}</p>` : null}
      ${story.headline ? html`<p class="headline">${short(say(story.headline), 400)}</p>` : null}
      <p class="actions"><${Copy} text=${story.rerun} label=${t('copy rerun')} /><${Copy} text=${story.record} label=${t('copy record')} /><a href=${toHash(state)}>${t('links')}</a>
      ${story.notes.map(note => html`<span class="note">${say(note)}</span>`)}</p></header>
    <${Waterfall} story=${story} selected=${state.e} onSelect=${select} />
    <div class="middle"><${Flow} story=${story} selected=${state.e} onSelect=${select} /><${Events} story=${story} state=${state} go=${go} /></div>
    <${Details} story=${story} event=${event} tab=${state.t} onTab=${tab => go({t: tab})} onSelect=${select} /></main>`;
}
function App() {
  const [state, setState] = useState(fromHash()), [, redraw] = useState(0);
  const found = useMemo(() => matching(state), [state.q, state.status, state.tag, state.platform, state.api]);
  useEffect(() => {
    const listen = () => setState(fromHash());
    addEventListener('hashchange', listen);
    return () => removeEventListener('hashchange', listen);
  }, []);
  const go = (change, quiet) => {
    const next = {...state, ...('s' in change || 'status' in change ? {c: '', p: ''} : 'c' in change ? {p: ''} : 'p' in change ? {c: ''} : {}), ...change};
    history[quiet ? 'replaceState' : 'pushState'](null, '', toHash(next));
    setState(next);
  };
  const number = stories.findIndex(story => story.id === state.s), at = number < 0 ? (stories.length ? found[0]?.number ?? -1 : -1) : number;
  const section = sectionOf(state);
  const told = {...state, s: at < 0 ? '' : stories[at].id};
  useEffect(() => {
    const press = event => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const writing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName), step = {j: 1, k: -1}[event.key], move = {n: 1, p: -1}[event.key];
      if (event.key === 'Escape' && writing) { event.target.blur(); return; }
      if (writing) return;
      if (event.key === '/') { event.preventDefault(); const box = document.getElementById('search'); box.focus(); box.select(); }
      else if (step) { const next = found[found.findIndex(story => story.id === told.s) + step]; if (next) go({s: next.id, e: '', t: ''}); }
      else if (move) { const story = open(at), here = story ? story.rows.findIndex(e => String(e.id) === state.e) : -1, next = story?.rows[here + move]; if (next) go({e: String(next.id), t: ''}); }
      else if ('+=-0'.includes(event.key)) dispatchEvent(new CustomEvent('bpmax-zoom', {detail: {'+': 1.5, '=': 1.5, '-': 1 / 1.5, 0: 0}[event.key]}));
      else if (/^[1-7]$/.test(event.key)) { const story = open(at), tabs = TABS.filter(name => name !== 'failure' || story?.failures.length); if (tabs[event.key - 1]) go({t: tabs[event.key - 1]}); }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
  const speak = () => { language = language === 'zh' ? 'en' : 'zh'; stored('language', language); document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'; redraw(n => n + 1); };
  const shade = () => { const dark = getComputedStyle(document.documentElement).colorScheme === 'dark' || (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);
    document.documentElement.dataset.theme = dark ? 'light' : 'dark'; stored('theme', document.documentElement.dataset.theme); };
  return html`<div class=${stories.length || index.problems.length ? 'app' : 'app alone'}><header class="top"><strong class="brand">bpmax_sim</strong>
      <span class="counts">${outcomes.map(word => html`<button type="button" class=${word.replaceAll(' ', '-') + (state.status === word ? ' on' : '')} aria-pressed=${state.status === word ? 'true' : 'false'} onClick=${() => go({status: state.status === word ? '' : word})}>${MARKS[word]} ${count(word)} ${t(word)}</button>`)}</span>
      ${covered.length ? html`<button type="button" class=${isCovered(state) ? 'on' : ''} aria-pressed=${isCovered(state) ? 'true' : 'false'} onClick=${() => go({c: isCovered(state) ? '' : covered[0].file})}>${t('scripts ran', {percent: percentOf(allCounts)})}</button>` : null}
      ${sections.map(one => html`<button type="button" class=${one === section ? 'on' : ''} aria-pressed=${one === section ? 'true' : 'false'} onClick=${() => go({p: one === section ? '' : one.name})}>${say(one.title)}</button>`)}
      <span class="keys">${t('keys')}</span>
      <button type="button" onClick=${shade}>${t('theme')}</button><button type="button" lang=${language === 'zh' ? 'en' : 'zh-CN'} onClick=${speak}>${t('language')}</button></header>
    ${stories.length || index.problems.length ? html`<${Tree} state=${told} go=${go} found=${found} />` : null}
    ${section ? html`<${Section} key=${section.name + language} one=${section} />` : isCovered(state) ? html`<${Covered} state=${state} go=${go} />` : at < 0 ? html`<main class="story"><p class="quiet">${t('nothing')}</p></main>` : html`<${Story} key=${stories[at].id + language} number=${at} state=${told} go=${go} />`}
    <footer class="foot">bpmax_sim ${index.version}. ${t('foot')}</footer></div>`;
}
const theme = stored('theme');
if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
document.getElementById('plain').remove();
render(html`<${App} />`, document.getElementById('viewer'));
