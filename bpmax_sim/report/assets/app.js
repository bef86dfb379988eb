// The page as a whole: what is chosen stands in the address, so that every state has a link.
function Events({story, state, go}) {
  const items = useMemo(() => story.rows.map(e => ({key: String(e.id), e})), [story]);
  return html`<section class="events"><h2>${t('events')}</h2><${List} items=${items} height=${27} label=${t('events')} id="event" selected=${state.e} className="rows" onSelect=${key => go({e: key, t: ''})}
    row=${({e}) => html`<span class="time">+${seconds(e.offset)}</span><span class="dot ${LANE_OF[e.event] || 'flow'}"></span><span class="title ${outcomeOf(story, e).replaceAll(' ', '-')} ${e.event === 'StepStarted' ? 'step' : ''}">${titleOf(e)}</span>${
      e.event === 'CallMade' ? html`<span class="status ${outcomeOf(story, e)}">${statusOf(story.made.get(e.number))}</span>` : null}${
      e.event === 'StepStarted' && e.step.end ? html`<span class="status ${e.step.end.outcome}">${MARKS[e.step.end.outcome]}</span>` : null}`} /></section>`;
}
function Story({number, state, go}) {
  const story = open(number), known = stories[number];
  if (!story) return html`<main class="story"><header><h1>${known.name}</h1></header><p class="quiet">${t('left out')}</p></main>`;
  const event = story.byId.get(state.e) || null;
  const select = (e, tab = '') => go({e, t: tab});
  return html`<main class=${'story' + (story.failures.length && !event ? ' reason-first' : '')}><header>
      <h1><span class=${story.outcome.replaceAll(' ', '-')}>${MARKS[story.outcome]} ${t(story.outcome)}</span> <bdi>${story.name}</bdi></h1>
      <p class="place"><${Placed} at=${story.place} /> · ${story.calls} ${t(story.calls === 1 ? '1 calls' : 'calls')} · ${t('virtual')} ${seconds(story.length)}${story.engine ? ` · ${story.engine}` : ''}${story.tags.map(tag => html` <span class="tag">${tag}</span>`)}</p>
      ${story.reason ? html`<p class="note">${story.reason}</p>` : null}
      ${story.headline ? html`<p class="headline">${short(say(story.headline), 400)}</p>` : null}
      <p class="actions">${story.rerun ? html`<${Copy} text=${story.rerun} label=${t('copy rerun')} /><${Copy} text=${story.record} label=${t('copy record')} />` : null}<a href=${toHash(state)}>${t('links')}</a>
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
      else if (step) { const order = itemsOf(found).filter(item => item.story).map(item => item.story), next = order[order.findIndex(story => story.id === told.s) + step]; if (next) go({s: next.id, e: '', t: ''}); }
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
