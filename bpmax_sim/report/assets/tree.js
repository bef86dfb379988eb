// The scenarios at the left: those that failed by their cause, the others by folder and file.
const count = outcome => stories.filter(story => story.outcome === outcome).length;
const among = of => [...new Set(stories.flatMap(of))].sort();
function Choice({name, values, state, go}) {
  if (!values.length) return null;
  return html`<label><span>${t(name)}</span><select value=${state[name]} onChange=${event => go({[name]: event.currentTarget.value})}>
    <option value="">${t('all')}</option>${values.map(value => html`<option value=${value} selected=${state[name] === value}>${name === 'status' ? t(value) : value}</option>`)}</select></label>`;
}
function itemsOf(found, closed = new Set()) {
  const items = [], groups = new Map(), causeOf = new Map();
  index.causes.forEach((cause, n) => cause.stories.forEach(number => causeOf.set(number, n)));
  for (const story of found) {
    const cause = causeOf.get(story.number);
    if (cause === undefined) continue;
    if (!groups.has('c' + cause)) groups.set('c' + cause, []);
    groups.get('c' + cause).push(story);
  }
  const heading = (key, text, level, stories) => {
    const open = !closed.has(key);
    items.push({key, heading: true, text, level, open, count: stories.length, wrong: stories.filter(story => isFailed(story)).length, cause: key[0] === 'c'});
    return open;
  };
  for (const key of [...groups.keys()].sort((a, b) => a.slice(1) - b.slice(1))) {
    const stories = groups.get(key);
    if (heading(key, say(index.causes[key.slice(1)].text), 1, stories)) for (const story of stories) items.push({key: story.id, story, level: 2, where: lineOf(story.place).file.split('/').slice(1).join('/').replace(/\.scenario\.yaml$/, '')});
  }
  const folders = {name: '', folders: new Map(), stories: []};
  for (const story of found) {
    if (causeOf.has(story.number)) continue;
    let folder = folders;
    for (const part of lineOf(story.place).file.split('/')) {
      if (!folder.folders.has(part)) folder.folders.set(part, {name: part, folders: new Map(), stories: []});
      folder = folder.folders.get(part);
    }
    folder.stories.push(story);
  }
  const all = folder => [...folder.stories, ...[...folder.folders.values()].flatMap(all)];
  const walk = (folder, path, level) => {
    let base = null;
    for (const story of folder.stories) {
      const of = story.row ? story.name.slice(0, -story.row.length - 2) : '';
      if (of && of !== base) { items.push({key: path + '/' + of, heading: true, fixed: true, text: of, level}); base = of; }
      items.push({key: story.id, story, level: of ? level + 1 : level, inner: Boolean(of)});
    }
    for (let one of folder.folders.values()) {
      let name = one.name;
      while (!one.stories.length && one.folders.size === 1) { one = [...one.folders.values()][0]; name += '/' + one.name; }
      const key = path + '/' + name;
      if (heading(key, name, level, all(one))) walk(one, key, level + 1);
    }
  };
  walk(folders, 'f', 1);
  return items;
}
const isFailed = story => ['failed', 'did not end', 'unreadable'].includes(story.outcome);
const facets = {tag: among(story => story.tags), platform: among(story => story.apis.map(platformOf)), api: among(story => story.apis)};
const outcomes = Object.keys(MARKS).filter(count);
function StoryRow({item}) {
  const pad = {marginInlineStart: 12 * (item.level - 1) + 'px'};
  if (item.fixed) return html`<span class="sub" style=${pad}><bdi>${item.text}</bdi></span>`;
  if (item.heading) return html`<span class="fold" style=${pad} aria-hidden="true">${item.open ? '▾' : '▸'}</span><span class=${item.cause ? 'cause failed' : 'path'} title=${item.text}><bdi>${item.text}</bdi></span>
    <span class="number">${item.wrong && !item.cause ? html`<span class="failed">×${item.wrong}</span> ` : ''}${item.count}</span>`;
  return html`<span class="mark ${item.story.outcome.replaceAll(' ', '-')}" style=${pad} aria-label=${t(item.story.outcome)}>${MARKS[item.story.outcome]}</span><span class="name" title=${item.story.name + '\n' + item.story.place}><bdi>${item.inner ? item.story.row : item.story.name}</bdi></span>${item.where ? html`<span class="where"><bdi>${item.where}</bdi></span>` : null}`;
}
function Tree({state, go, found}) {
  const narrowed = Boolean(state.q || state.status || state.tag || state.platform || state.api);
  const [closed, setClosed] = useState(() => new Set(stories.length > 500 ? itemsOf(stories).filter(item => item.heading && !item.cause && !item.fixed && item.level > 1).map(item => item.key) : []));
  const items = useMemo(() => itemsOf(found, narrowed ? new Set() : closed), [found, closed, narrowed, language]);
  const fold = item => { if (narrowed) return; const next = new Set(closed); if (next.has(item.key)) next.delete(item.key); else next.add(item.key); setClosed(next); };
  return html`<nav class="tree" aria-label=${t('scenarios')}>
    ${index.problems.length ? html`<details class="problems" open><summary class="failed">× ${t('problems', {n: index.problems.length})}</summary><ul>${index.problems.map(line => html`<li>${line}</li>`)}</ul></details>` : null}
    ${index.parts.all ? html`<details class="problems parts"><summary class=${index.parts.unused.length ? '' : 'passed'}>${t('parts', {n: index.parts.used, all: index.parts.all})}</summary>${
      index.parts.unused.length ? html`<p>${t('part unused')}</p>` : null}<ul>${index.parts.unused.map(part => html`<li>${t('part ' + part.kind)} <bdi>${part.name}</bdi> <span class="quiet">${part.place}</span></li>`)}</ul></details>` : null}
    <div class="search"><input id="search" type="search" placeholder=${t('search')} aria-label=${t('search')} value=${state.q}
      onInput=${event => go({q: event.currentTarget.value}, true)}
      onKeyDown=${event => { if (event.key === 'Enter' && found[0]) { go({s: found[0].id, e: '', t: ''}); event.currentTarget.blur(); } }} /></div>
    <details class="filters" open=${Boolean(state.status || state.tag || state.platform || state.api)}><summary>${t('filters')} · ${t('shown', {n: found.length, all: stories.length})}</summary>
      <div><${Choice} name="status" values=${outcomes} state=${state} go=${go} />
      ${Object.entries(facets).map(([name, values]) => html`<${Choice} name=${name} values=${values} state=${state} go=${go} />`)}</div></details>
    ${found.length ? html`<${List} items=${items} height=${30} label=${t('scenarios')} id="story" selected=${state.s} className="stories" onSelect=${key => go({s: key, e: '', t: ''})} onFold=${fold}
      row=${item => html`<${StoryRow} item=${item} />`} />` : html`<p class="quiet">${t('nothing')}</p>`}</nav>`;
}
