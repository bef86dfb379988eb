// What several parts of the page use: lists that render only what is seen, copying, code, differences.
function List({items, height, label, id, selected, onSelect, onFold, row, className}) {
  const box = useRef(null), [top, setTop] = useState(0), [room, setRoom] = useState(600);
  const at = items.findIndex(item => item.key === selected);
  useLayoutEffect(() => {
    const measure = () => setRoom(box.current?.clientHeight || 600);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    const node = box.current;
    if (at < 0 || !node) return;
    if (at * height < node.scrollTop) node.scrollTop = Math.max(0, at * height - height);
    else if ((at + 1) * height > node.scrollTop + node.clientHeight) node.scrollTop = (at + 2) * height - node.clientHeight;
  }, [selected, items.length, room]);
  const first = Math.max(0, Math.floor(top / height) - 8), last = Math.min(items.length, Math.ceil((top + room) / height) + 8);
  const move = event => {
    const here = items[at];
    if (onFold && here && (event.key === 'ArrowLeft')) {
      const above = items.slice(0, at).reverse().find(item => item.heading && !item.fixed && item.level < here.level);
      if (above) { event.preventDefault(); onFold(above); }
      return;
    }
    const by = {ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12}[event.key];
    let next = by === undefined ? {Home: 0, End: items.length - 1}[event.key] : Math.min(items.length - 1, Math.max(0, at + by));
    if (next === undefined) return;
    event.preventDefault();
    const step = by !== undefined && by < 0 ? -1 : 1;
    while (items[next] && items[next].heading) next += step;
    if (items[next]) onSelect(items[next].key);
  };
  const shownAt = at >= first && at < last;
  return html`<div class="list ${className}" ref=${box} style=${{'--rows': items.length * height + 4 + 'px'}} role=${onFold ? 'tree' : 'listbox'} tabindex="0" aria-label=${label} onKeyDown=${move}
      aria-activedescendant=${shownAt ? id + '-' + selected : undefined} onScroll=${event => setTop(event.currentTarget.scrollTop)}>
    <div role="presentation" style=${{height: items.length * height + 'px', position: 'relative'}}>
      ${items.slice(first, last).map((item, offset) => html`<div key=${item.key} id=${id + '-' + item.key}
          class="row ${item.heading ? (item.fixed || !onFold ? 'heading' : 'heading folder') : ''} ${item.key === selected ? 'selected' : ''}"
          style=${{top: (first + offset) * height + 'px', height: height + 'px'}}
          role=${onFold ? 'treeitem' : 'option'} aria-disabled=${item.heading && !onFold ? 'true' : undefined} aria-level=${onFold ? item.level : undefined} aria-expanded=${item.open === undefined ? undefined : String(item.open)} aria-selected=${item.key === selected ? 'true' : 'false'} aria-setsize=${items.length} aria-posinset=${first + offset + 1}
          onClick=${item.heading ? (onFold && !item.fixed ? () => onFold(item) : undefined) : () => onSelect(item.key)}>${row(item)}</div>`)}
    </div></div>`;
}
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no permission, or an old browser
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
function Copy({text, label}) {
  const [done, setDone] = useState(false);
  useEffect(() => { if (done) { const timer = setTimeout(() => setDone(false), 1500); return () => clearTimeout(timer); } }, [done]);
  return html`<button class="copy" type="button" title=${text.slice(0, 300)} onClick=${async () => setDone(await copy(text))}>
    ${done ? t('copied') : label || t('copy')}</button>`;
}
const Paste = ({word, text}) => html`<p class="paste"><span>${t(word)}</span> <code>${text}</code> <${Copy} text=${text} label=${t('copy')} /></p>`;
const placed = /^([\s\S]*?)(?::(\d+))?(?::(\d+))?$/;
const lineOf = place => { const found = placed.exec(place || ''); return {file: found[1], line: +(found[2] || 0)}; };
// A place as text, with a link that opens it in the reader's editor where the project names one.
function Placed({at, text}) {
  const found = placed.exec(at || ''), file = found[1] || '';
  const known = index.editor && file && !file.startsWith('/') && !file.startsWith('..');
  const fill = {path: file.split('/').map(encodeURIComponent).join('/'), line: found[2] || 1, column: found[3] || 1};
  return html`<code>${text || at}</code>${known ? html` <a class="edit" href=${index.editor.replace(/\{(path|line|column)\}/g, (all, key) => fill[key])}>${t('edit')}</a>` : null}`;
}
function Code({text, marks = new Map(), label, follow = true}) {
  const box = useRef(null), lines = useMemo(() => text.split('\n'), [text]);
  const target = [...marks.keys()][0];
  useLayoutEffect(() => {
    const node = box.current?.querySelector('.marked');
    if (node && follow) box.current.scrollTop = Math.max(0, node.offsetTop - box.current.clientHeight / 3);
  }, [text, target]);
  return html`<pre class="code" ref=${box} tabindex="0" role="group" aria-label=${label}>${lines.slice(0, 5000).map((line, number) => {
    const mark = marks.get(number + 1);
    return html`<span class="line ${mark ? 'marked ' + mark : ''}"><span class="n" aria-hidden="true">${number + 1}</span>${line || ' '}\n</span>`;
  })}${lines.length > 5000 ? '…' : ''}</pre>`;
}
const pretty = value => value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 2);

// Lines of two texts side by side: the longest common part is as it is, the rest is marked.
function differences(left, right) {
  const a = left.split('\n'), b = right.split('\n');
  if (a.length * b.length > 250000) return {left: a.map(text => ({text, odd: left !== right})), right: b.map(text => ({text, odd: left !== right}))};
  const width = b.length + 1, best = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] = a[i] === b[j] ? best[(i + 1) * width + j + 1] + 1 : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    }
  }
  const found = {left: [], right: []};
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { found.left.push({text: a[i++]}); found.right.push({text: b[j++]}); }
    else if (j >= b.length || (i < a.length && best[(i + 1) * width + j] >= best[i * width + j + 1])) found.left.push({text: a[i++], odd: true});
    else found.right.push({text: b[j++], odd: true});
  }
  return found;
}
const Lines = ({lines, label, odd}) => html`<pre class="body" tabindex="0" role="group" aria-label=${label}>${lines.map(line =>
  line.odd ? html`<mark class=${odd}>${line.text || ' '}</mark>${'\n'}` : line.text + '\n')}</pre>`;
function Beside({left, right, names}) {
  const found = useMemo(() => differences(left, right), [left, right]);
  return html`<div class="beside">
    <div><h4>${names[0]}</h4><${Lines} lines=${found.left} label=${names[0]} odd="new" /></div>
    <div><h4>${names[1]}</h4><${Lines} lines=${found.right} label=${names[1]} odd="old" /></div></div>`;
}
