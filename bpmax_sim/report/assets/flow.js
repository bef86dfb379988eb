// The flow as a graph, laid out by dagre, with the path that was taken.
const label = action => index.texts['flow ' + action] ? t('flow ' + action) : action;
function layout(flow) {
  const graph = new dagre.graphlib.Graph({multigraph: true});
  graph.setGraph({rankdir: 'LR', nodesep: 22, ranksep: 46, marginx: 8, marginy: 8});
  graph.setDefaultEdgeLabel(() => ({}));
  const wide = text => [...text].reduce((sum, letter) => sum + (letter.codePointAt(0) > 0x2e80 ? 13 : 7.5), 26);
  const names = Object.keys(flow.nodes), first = [flow.start, ...names.filter(name => name !== flow.start)].filter(name => flow.nodes[name]);
  for (const name of first) {
    const node = flow.nodes[name], text = short(node.title || name, 40);
    graph.setNode(name, {width: Math.max(54, wide(text)), height: 32, text, end: node.end});
  }
  for (const name of first) {
    const node = flow.nodes[name];
    node.routes.forEach((route, n) => {
      if (flow.nodes[route.to]) graph.setEdge(name, route.to, {action: route.action, when: route.when, label: label(route.action), width: wide(label(route.action)) - 14, height: 14, labelpos: 'c'}, String(n));
    });
  }
  dagre.layout(graph);
  return graph;
}
function Flow({story, selected, onSelect}) {
  const graph = useMemo(() => story.flow ? layout(story.flow) : null, [story, language]);
  if (!graph) return null;
  const entered = story.rows.filter(e => e.event === 'NodeEntered');
  const visited = new Map(entered.map(e => [e.node, e])), current = entered.filter(e => !selected || e.id <= +selected).pop();
  const taken = new Set(entered.map(e => e.previous + '\n' + e.node + '\n' + e.action));
  const judged = new Map(story.events.filter(e => e.event === 'RouteEvaluated' && e.when).map(e => [e.node + '\n' + e.to + '\n' + e.action, titleOf(e)]));
  const {width = 0, height = 0} = graph.graph();
  const line = points => points.map((point, n) => (n ? 'L' : 'M') + point.x.toFixed(1) + ' ' + point.y.toFixed(1)).join(' ');
  const told = entered.map(e => e.node).join(' → ');
  return html`<section class="flow"><h2>${t('path')}</h2><div class="graph" tabindex="0" role="group" aria-label=${t('path')}>
    <svg style=${{width: width + 'px', maxWidth: '100%', minWidth: Math.min(width, width * 0.62) + 'px'}} viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${t('path') + ': ' + told}>
      <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" class="tip"/></marker></defs>
      ${graph.edges().map(edge => {
        const {points, action, label, when, x, y} = graph.edge(edge), is = taken.has(edge.v + '\n' + edge.w + '\n' + action) ? 'taken' : '';
        return html`<g class="edge ${is}"><path d=${line(points)} marker-end="url(#tip)" />
          <text x=${x} y=${y + 4} text-anchor="middle">${label}${when ? ' ?' : ''}<title>${judged.get(edge.v + '\n' + edge.w + '\n' + action) || when || label}</title></text></g>`;
      })}
      ${graph.nodes().map(name => {
        const node = graph.node(name), seen = visited.get(name);
        const is = (seen ? 'seen ' : '') + (current && current.node === name ? 'current ' : '') + (node.end ? 'end' : '');
        return html`<g class="node ${is}" transform=${`translate(${node.x - node.width / 2} ${node.y - node.height / 2})`} onClick=${seen ? () => onSelect(String(seen.id)) : undefined}>
          <rect width=${node.width} height=${node.height} rx=${node.end ? 16 : 6} /><text x=${node.width / 2} y="21" text-anchor="middle">${node.text}</text></g>`;
      })}</svg></div></section>`;
}
