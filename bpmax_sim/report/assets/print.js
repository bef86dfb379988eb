// What a printer gets: the summary, the causes, and of each failure where it is and what was wrong.
function Print() {
  const failed = stories.filter(isFailed);
  return html`<h1>bpmax_sim ${index.version}</h1>
    <p class="summary">${outcomes.map(word => html`<b class=${word.replaceAll(' ', '-')}>${MARKS[word]} ${count(word)} ${t(word)}</b> `)}</p>
    ${index.problems.length ? html`<h2>${t('problems', {n: index.problems.length})}</h2><ul>${index.problems.map(line => html`<li>${line}</li>`)}</ul>` : null}
    ${index.causes.length ? html`<h2>${t('causes')}</h2><ol>${index.causes.map(cause => html`<li>${say(cause.text)} (${cause.stories.length})</li>`)}</ol>` : null}
    ${failed.map(known => { const story = open(known.number); return html`<section><h2>× <bdi>${known.name}</bdi></h2><p class="place">${known.place}</p>
      ${story ? story.failures.map(one => html`<p class="headline">${say(one.headline)}</p><p class="place">${one.place}${one.script ? ' · ' + one.script : ''}</p>
        ${one.detail.length ? html`<pre>${one.detail.slice(0, 12).map(say).join('\n')}</pre>` : null}
        ${one.checks.some(check => !check.ok) ? html`<ul>${one.checks.filter(check => !check.ok).map(check => html`<li>${check.label} ${t('expected')} <code>${short(say(check.expected), 200)}</code> ${t('got')} <code>${short(say(check.actual), 200)}</code></li>`)}</ul>` : null}`) : null}
      ${story?.rerun ? html`<p><code>${story.rerun}</code></p>` : null}</section>`; })}`;
}
const paper = document.getElementById('paper');
addEventListener('beforeprint', () => render(html`<${Print} />`, paper));
addEventListener('afterprint', () => render(null, paper));
