// What other commands found: tables and findings, as they kept them.
const sections = index.sections;
const sectionOf = state => sections.find(one => one.name === state.p) || (!stories.length && !covered.length ? sections[0] : undefined);
const toned = cell => (cell.tone || '');
function SectionTable({part}) {
  return html`<div class="wide" tabindex="0" role="group" aria-label=${say(part.caption) || say(part.columns[0])}><table>${part.caption ? html`<caption>${say(part.caption)}</caption>` : null}
    <thead><tr>${part.columns.map(column => html`<th scope="col">${say(column)}</th>`)}</tr></thead>
    <tbody>${part.rows.map(row => html`<tr>${row.map((cell, at) => at ? html`<td class=${toned(cell)} title=${say(cell.hint)}>${say(cell.text)}</td>`
      : html`<th scope="row" class=${toned(cell)} title=${say(cell.hint)}>${say(cell.text)}</th>`)}</tr>`)}</tbody></table></div>`;
}
function SectionFinding({part}) {
  return html`<article class="finding"><h2 class=${toned(part)}>${say(part.headline)}</h2>
    ${part.place ? html`<p class="place"><${Placed} at=${part.place} /></p>` : null}
    ${part.lines.length ? html`<pre class="body" tabindex="0" role="group" aria-label=${say(part.headline)}>${part.lines.map(say).join('\n')}</pre>` : null}
    ${part.paste ? html`<${Paste} word="add" text=${part.paste} />` : null}</article>`;
}
function Section({one}) {
  return html`<main class="story section"><header><h1>${say(one.title)}</h1><p class="place">${say(one.summary)}${one.made ? ' · ' + one.made : ''}</p></header>
    <div class="panel">${one.parts.map(part => part.type === 'table' ? html`<${SectionTable} part=${part} />` : html`<${SectionFinding} part=${part} />`)}</div></main>`;
}
