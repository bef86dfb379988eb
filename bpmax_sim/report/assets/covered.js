// What ran of the scripts: files, the branches that nothing has taken, and the source with how often each line ran.
const covered = index.covered;
const sumOf = counts => counts.reduce((sum, one) => sum.map((value, at) => value + one[at]), [0, 0, 0, 0]);
const percentOf = ([ran, lines, taken, branches]) => lines + branches ? Math.round(1000 * (ran + taken) / (lines + branches)) / 10 : 100;
const allCounts = sumOf(covered.map(one => one.counts));
const isCovered = state => covered.length > 0 && (Boolean(state.c) || !stories.length);
const shareOf = (some, all) => all ? some + ' / ' + all : '–';
function Annotated({one, target}) {
  const box = useRef(null), lines = useMemo(() => one.text.split('\n'), [one]);
  const never = new Map();
  for (const branch of one.branches) never.set(branch.line, [...never.get(branch.line) || [], branch]);
  useLayoutEffect(() => {
    const node = target && box.current?.querySelector('[data-line="' + target + '"]');
    if (node) box.current.scrollTop = Math.max(0, node.offsetTop - box.current.clientHeight / 3);
  }, [one, target]);
  return html`<pre class="code annotated" ref=${box} tabindex="0" role="group" aria-label=${t('source')}>${lines.slice(0, 5000).map((line, at) => {
    const number = at + 1, hits = one.lines[number], missed = never.get(number) || [];
    const kind = hits === undefined ? (missed.length ? 'partly' : '') : hits === 0 ? 'never' : missed.length ? 'partly' : 'ran';
    const why = missed.map(branch => say(branch.why)).join('; ');
    return html`<span class="line ${kind} ${number === target ? 'target' : ''}" data-line=${number} title=${why}><span class="n" aria-hidden="true">${number}</span><span class="hits">${
      hits === undefined ? '' : hits + '×'}${missed.length ? '!' : ''}</span>${line || ' '}\n</span>`;
  })}${lines.length > 5000 ? '…' : ''}</pre>`;
}
function Covered({state, go}) {
  const at = Math.max(0, covered.findIndex(one => one.file === lineOf(state.c).file)), known = covered[at];
  const one = useMemo(() => read('covered-' + at), [at]), target = lineOf(state.c).line;
  return html`<main class="story covered"><header>
      <h1>${t('scripts ran', {percent: percentOf(allCounts)})}</h1>
      <p class="place">${t('lines')} ${shareOf(allCounts[0], allCounts[1])} · ${t('branches')} ${shareOf(allCounts[2], allCounts[3])}</p></header>
    <div class="files"><table><thead><tr><th scope="col">${t('script')}</th><th scope="col">${t('lines')}</th><th scope="col">${t('branches')}</th><th scope="col">%</th></tr></thead>
      <tbody>${covered.map((file, number) => html`<tr class=${number === at ? 'selected' : ''}><td><button type="button" aria-current=${number === at ? 'true' : 'false'} onClick=${() => go({c: file.file})}><bdi>${file.file}</bdi></button></td>
        <td>${shareOf(file.counts[0], file.counts[1])}</td><td>${shareOf(file.counts[2], file.counts[3])}</td><td class=${file.percent === 100 ? 'passed' : 'again'}>${file.percent}</td></tr>`)}</tbody></table></div>
    <div class="panel"><h2><code>${known.file}</code> <small>${known.percent} %</small></h2>
      ${one.lost ? html`<p class="note">${t('lost', {n: one.lost})}</p>` : null}
      ${one.branches.length ? html`<ul class="missing">${one.branches.map(branch => html`<li><button type="button" class="place" onClick=${() => go({c: known.file + ':' + branch.line})}>${t('line', {n: branch.line})}</button>${': '}
        ${say(branch.why)}${branch.reach ? html` <small>${t('would reach', {what: say(branch.reach)})}</small>` : null}</li>`)}</ul>` : html`<p class="passed">√ ${t('all taken')}</p>`}
      <${Annotated} key=${at} one=${one} target=${target} /></div></main>`;
}
