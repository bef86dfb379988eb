// The waterfall: lanes over virtual time. What happens in one instant stands side by side, in its order; long waits
// without an event are drawn short, and say how long they are.
const GAP = 46, SLOT = 15, BUSY = 560;
function scaleOf(story) {
  const busy = [];
  for (const {made, answer} of story.made.values()) {
    if (!answer || answer.offset <= made.offset) continue;
    const last = busy[busy.length - 1];
    if (last && made.offset <= last[1]) last[1] = Math.max(last[1], answer.offset); else busy.push([made.offset, answer.offset]);
  }
  const isBusy = (from, to) => busy.some(one => one[0] <= from && to <= one[1]);
  const total = busy.reduce((sum, [from, to]) => sum + to - from, 0) || 1;
  const points = [[0, 0]], gaps = [], ticks = [], places = new Map();
  let x = 0, now = 0, told = -Infinity;
  for (const e of story.events) {
    if (e.offset > now) {
      const idle = !isBusy(now, e.offset), wide = idle ? Math.min(GAP, 8 + 30 * (e.offset - now)) : Math.max(6, BUSY * (e.offset - now) / total);
      if (idle && e.offset - now >= 1) gaps.push({from: x, to: x + wide, seconds: e.offset - now});
      x += wide;
      now = e.offset;
    }
    places.set(e, x);
    if (x - told >= 60 && seconds(now) !== ticks.at(-1)?.text) { ticks.push({x, text: seconds(now)}); told = x; }
    if (e.event !== 'ScenarioStarted' && e.event !== 'CallAttempted') x += QUIET.has(e.event) ? 3 : SLOT;
    points.push([now, x]);
  }
  const timeAt = place => {
    const found = points.findIndex(point => point[1] >= place);
    if (found <= 0) return found === 0 ? points[0][0] : story.length;
    const [to, right] = points[found], [from, left] = points[found - 1];
    return right === left ? to : from + (to - from) * (place - left) / (right - left);
  };
  return {place: e => places.get(e) ?? 0, timeAt, width: x, gaps, ticks};
}
function barsOf(story, scale) {
  const bars = [], lanes = {};
  const put = (e, lane, to, extra = {}) => {
    const from = scale.place(e), wide = Math.max(SLOT - 2, to - from), rows = lanes[lane] ||= [];
    let row = rows.findIndex(end => end <= from + 0.5);
    if (row < 0) row = rows.length < 8 ? rows.length : rows.indexOf(Math.min(...rows));
    rows[row] = from + wide;
    bars.push({e, lane, row, left: from, wide, kind: outcomeOf(story, e), ...extra});
  };
  for (const e of story.rows) {
    const lane = LANE_OF[e.event] || 'flow', from = scale.place(e);
    if (e.event === 'CallMade') {
      const call = story.made.get(e.number);
      let begin = from;
      const parts = call.attempts.map(one => {
        const part = {from: begin - from, to: Math.max(scale.place(one), begin + 4) - from, kind: one.source === 'fault' || one.status >= 400 || one.error ? 'failed' : 'again'};
        begin = from + part.to;
        return part;
      });
      put(e, lane, call.answer ? scale.place(call.answer) : from, {parts, login: e.call.endsWith('.$token')});
    } else put(e, lane, e.event === 'StepStarted' && e.step.end ? scale.place(e.step.end) : from);
  }
  const used = LANES.filter(lane => lanes[lane]), tops = {};
  let top = 22;
  for (const lane of used) { tops[lane] = top; top += lanes[lane].length * 22 + 8; }
  return {bars, used, tops, height: top, lanes};
}
function Waterfall({story, selected, onSelect}) {
  const box = useRef(null), [zoom, setZoom] = useState(0), [cursor, setCursor] = useState(null), [view, setView] = useState([0, 1200]);
  const scale = useMemo(() => scaleOf(story), [story]);
  const laid = useMemo(() => barsOf(story, scale), [story, scale]);
  const fit = Math.max(0.2, (view[1] - 90) / (scale.width + 40));
  const factor = zoom ? zoom : Math.min(2.5, Math.max(fit, 0.6));
  useLayoutEffect(() => {
    const node = box.current, measure = () => setView([node.scrollLeft, node.clientWidth]);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(node);
    return () => watch.disconnect();
  }, []);
  useEffect(() => setZoom(0), [story]);
  const by = step => setZoom(Math.min(60, Math.max(0.05, factor * step)));
  useEffect(() => {
    const listen = event => { if (event.detail === 0) setZoom(0); else by(event.detail); };
    addEventListener('bpmax-zoom', listen);
    return () => removeEventListener('bpmax-zoom', listen);
  });
  useLayoutEffect(() => {
    const bar = laid.bars.find(one => String(one.e.id) === selected), node = box.current;
    if (!bar) return;
    const left = bar.left * factor;
    if (left < node.scrollLeft || left > node.scrollLeft + node.clientWidth - 160) node.scrollLeft = Math.max(0, left - node.clientWidth / 3);
  }, [selected, factor, laid]);
  const wheel = event => { if (event.ctrlKey) { event.preventDefault(); by(event.deltaY < 0 ? 1.25 : 0.8); } };
  const from = view[0] - 400, to = view[0] + view[1] + 400;
  const seen = laid.bars.filter(bar => (bar.left + bar.wide) * factor >= from && bar.left * factor <= to);
  return html`<section class="waterfall" aria-label=${t('waterfall')}>
    <div class="tools"><h2>${t('waterfall')}</h2>
      <span class="cursor" aria-live="off">${cursor === null ? seconds(story.length) : '+' + seconds(scale.timeAt(cursor / factor))}</span>
      <button type="button" onClick=${() => by(1.5)} aria-label=${t('zoom in')}>+</button>
      <button type="button" onClick=${() => by(1 / 1.5)} aria-label=${t('zoom out')}>−</button>
      <button type="button" onClick=${() => setZoom(0)}>${t('whole')}</button></div>
    <div class="chart"><div class="names" aria-hidden="true" style=${{height: laid.height + 'px'}}>${laid.used.map(lane => html`<span style=${{top: laid.tops[lane] + 'px'}}>${t(lane)}</span>`)}</div>
    <div class="tracks" ref=${box} role="group" tabindex="0" aria-label=${t('waterfall')} onWheel=${wheel} onScroll=${event => setView([event.currentTarget.scrollLeft, event.currentTarget.clientWidth])}
        onMouseMove=${event => setCursor(event.clientX - event.currentTarget.getBoundingClientRect().left + event.currentTarget.scrollLeft)} onMouseLeave=${() => setCursor(null)}>
      <div style=${{width: (scale.width + 30) * factor + 'px', height: laid.height + 'px', position: 'relative'}}>
        ${scale.gaps.filter(gap => gap.to * factor >= from && gap.from * factor <= to).map(gap => html`<span class="gap" style=${{left: gap.from * factor + 'px', width: (gap.to - gap.from) * factor + 'px'}} title=${t('pass', {t: seconds(gap.seconds)})}>${(gap.to - gap.from) * factor > 30 ? '⋯ ' + seconds(gap.seconds) : ''}</span>`)}
        ${scale.ticks.filter(tick => tick.x * factor >= from && tick.x * factor <= to).filter((tick, n) => factor >= 1 || n % Math.ceil(1 / factor) === 0).map(tick => html`<span class="tick" style=${{left: tick.x * factor + 'px'}}>+${tick.text}</span>`)}
        ${laid.used.map(lane => html`<span class="lane" style=${{top: laid.tops[lane] - 4 + 'px', height: laid.lanes[lane].length * 22 + 8 + 'px'}}></span>`)}
        ${cursor === null ? null : html`<span class="line" style=${{left: cursor + 'px'}}></span>`}
        ${seen.map(bar => html`<button type="button" key=${bar.e.id} tabindex="-1" class="bar ${bar.lane} ${bar.kind.replaceAll(' ', '-')} ${bar.login ? 'login' : ''} ${String(bar.e.id) === selected ? 'selected' : ''}"
          style=${{left: bar.left * factor + 'px', top: laid.tops[bar.lane] + bar.row * 22 + 'px', width: Math.max(10, bar.wide * factor) + 'px'}}
          title=${titleOf(bar.e)} aria-label=${t(bar.lane) + ' ' + titleOf(bar.e)} onClick=${() => onSelect(String(bar.e.id))}>
          ${(bar.parts || []).map(part => html`<i class=${part.kind} style=${{left: part.from * factor + 'px', width: Math.max(3, (part.to - part.from) * factor) + 'px'}}></i>`)}
          ${bar.wide * factor > 40 ? html`<span>${titleOf(bar.e)}</span>` : null}</button>`)}
      </div></div></div></section>`;
}
