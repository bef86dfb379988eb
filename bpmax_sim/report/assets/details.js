// The tabs on the right: each shows what the chosen event, its step, or the whole scenario has of it.
const TABS = ['failure', 'call', 'script', 'form', 'expect', 'console', 'scenario'];
const headersOf = header => Object.entries(header || {}).map(([name, value]) => name + ': ' + value).join('\n');
const pathOf = url => { try { const parsed = new URL(url); return decodeURI(parsed.pathname + parsed.search); } catch { return url; } };
function Failure({story}) {
  if (!story.failures.length) return html`<p class="quiet">${MARKS[story.outcome]} ${t(story.outcome)}</p>`;
  return story.failures.map(one => html`<article class="failure">
    <p class="headline">${say(one.headline)}</p>
    ${one.place ? html`<p class="place">${t('at')} <${Placed} at=${one.place} /></p>` : null}
    ${one.excerpt.length ? html`<pre class="body" tabindex="0" role="group" aria-label=${one.place}>${one.excerpt.map(line => html`<span class=${line.marked ? 'marked' : ''}>${(line.marked ? '> ' : '  ') + String(line.number).padStart(3) + ' | ' + line.text + '\n'}</span>`)}</pre>` : null}
    ${one.detail.length ? html`<pre class="body" tabindex="0" role="group" aria-label=${say(one.headline)}>${one.detail.map(say).join('\n')}</pre>` : null}
    <${Checks} checks=${one.checks} />
    ${one.script ? html`<p>${t('script')} <${Placed} at=${one.script.split(' ')[0]} text=${one.script} /></p>` : null}
    ${one.names ? html`<${Names} of=${one} />` : null}
    ${one.pastes.map(([word, text]) => html`<${Paste} word=${word} text=${text} />`)}
  </article>`);
}
// What each name held when the failing line was reached, and who called.
function Names({of}) {
  const names = Object.entries(of.names);
  return html`${names.length ? html`<table class="names"><caption>${t('names', {at: of.line})}</caption><tbody>${names.map(([name, value]) => html`<tr><th scope="row"><code>${name}</code></th><td><code>${short(value, 1000)}</code></td></tr>`)}</tbody></table>` : null}
    ${of.stack.length > 1 ? html`<details open><summary>${t('stack')}</summary><pre class="body" tabindex="0" role="group" aria-label=${t('stack')}>${of.stack.join('\n')}</pre></details>` : null}`;
}
const labelOf = path => path.filter(part => !(typeof part === 'string' && part.startsWith('$'))).map(part => typeof part === 'number' ? '[' + part + ']' : '.' + part).join('').replace(/^\./, '');
function Checks({checks}) {
  if (!checks.length) return null;
  const wrong = checks.filter(check => !check.ok).length;
  return html`<table class="checks"><caption>${t('wrong', {n: wrong})} · ${t('held', {n: checks.length - wrong})}</caption>
    <thead><tr><th scope="col"><span class="sr">${t('status')}</span></th><th scope="col">${t('what')}</th><th scope="col">${t('expected')}</th><th scope="col">${t('got')}</th></tr></thead>
    <tbody>${[...checks].sort((a, b) => a.ok - b.ok).map(check => html`<tr><td class=${check.ok ? 'passed' : 'failed'}>${check.ok ? '√' : '×'}</td>
      <td>${check.label ?? labelOf(check.path)}</td><td><code>${say(check.expected)}</code></td><td><code>${say(check.actual)}</code></td></tr>`)}</tbody></table>`;
}
function Sending({title, kind, request, answer, base, faults, story}) {
  const recording = answer?.recording;
  const recorded = recording?.request;
  const plainSent = pretty(request.body), said = recorded ? pretty(recorded.body) : '';
  const query = one => Object.keys(one || {}).length ? '?' + Object.entries(one).map(([name, value]) => name + '=' + value).join('&') : '';
  return html`<article class="sending ${kind}">
    <h3>${title} <span class=${kind}>${answer ? (answer.error || answer.status || '') : t('no answer')}</span> <small>${answer?.source ? t(answer.source) : t('nobody')}${answer ? ' · ' + seconds(answer.took) : ''}</small></h3>
    ${faults.map(fault => html`<p class="fault">⚡ ${t('struck', {action: say(fault.action), rule: say(fault.rule)})} <span class="place">${fault.place}</span></p>`)}
    ${answer?.message ? html`<p class="error">${say(answer.message).split('\n')[0]}</p>` : null}
    ${recording ? html`<p class="place">${t(recording.played ? 'from recording' : 'nearest', {file: recording.file + ':' + recording.line, n: recording.exchange})}</p>` : null}
    ${(recording?.differs || []).map(one => html`<p class="difference">× <code>${one.path}</code> ${t('recorded')} <code class="old">${'recorded' in one ? json(one.recorded) : '∅'}</code> ${t('sent')} <code class="new">${'sent' in one ? json(one.sent) : '∅'}</code></p>`)}
    ${recording?.ignore?.length ? html`<p class="quiet">${t('ignored', {paths: recording.ignore.join(', ')})}${(recording.ignored || []).map(one => html` <code class="old">${json(one.recorded)}</code> → <code class="new">${json(one.sent)}</code>`)}</p>` : null}
    ${recorded ? html`<${Beside} names=${[t('sent'), t('recorded')]}
        left=${[request.method + ' ' + pathOf(request.url), plainSent].filter(Boolean).join('\n\n')}
        right=${[recorded.method + ' ' + (base || '') + recorded.path + query(recorded.query), said].filter(Boolean).join('\n\n')} />`
      : html`<h4>${t('sent')}</h4><pre class="body" tabindex="0" role="group" aria-label=${t('sent')}>${request.method} ${request.url}${plainSent ? '\n\n' + plainSent : ''}</pre>`}
    <details><summary>${t('sent')}: ${t('headers')}</summary><pre class="body" tabindex="0" role="group" aria-label=${t('headers')}>${headersOf(request.header)}</pre></details>
    ${answer && (answer.source || answer.status) ? html`<h4>${t('answered')}${recording?.played && answer.source === 'recorded' ? html` <small>${t('same')}</small>` : null}</h4>
      ${(answer.redirects || []).map(([status, url]) => html`<p class="quiet">${t('redirected')} ${status} → ${url}</p>`)}
      <pre class="body" tabindex="0" role="group" aria-label=${t('answered')}>${pretty(answer.response) || t('no body')}</pre>
      <details><summary>${t('answered')}: ${t('headers')}</summary><pre class="body" tabindex="0" role="group" aria-label=${t('headers')}>${headersOf(answer.response_header)}</pre></details>` : null}
    ${recording && !recording.played && recording.response !== null ? html`<h4>${t('would')} ${recording.status}</h4><pre class="body" tabindex="0" role="group" aria-label=${t('would')}>${pretty(recording.response)}</pre>` : null}
  </article>`;
}
function CallTab({story, event}) {
  const fallback = () => { // of a failing step, the call that is behind it
    const calls = [...story.made.values()];
    return calls.filter(call => event && call.made.step === event.step).pop() || calls.find(call => !call.answer || call.answer.error) || calls.find(call => call.attempts.length) || calls[0];
  };
  const call = event?.event === 'CallMade' ? story.made.get(event.number) : fallback();
  if (!call) return html`<p class="quiet">${t('no call')}</p>`;
  const {made, answer, attempts, faults} = call, of = n => faults.filter(fault => fault.attempt === n);
  const last = attempts.length + 1, many = attempts.length > 0;
  return html`<h2><code>${made.call}</code> <small class="place">${made.place}</small></h2>
    ${attempts.map(one => html`<${Sending} key=${made.id + '.' + one.attempt} story=${story} title=${t('attempt', {n: one.attempt})} kind="failed" faults=${of(one.attempt)}
        request=${{method: made.method, url: one.url, header: one.header, body: one.body}} answer=${{...one, took: one.duration}} />
      <p class="follows">↻ ${t(one.follows)}${one.wait ? ' · ' + t('after', {t: seconds(one.wait)}) : ''} ${one.follows === 'renewed' ? null : html`<span class="quiet">${say(one.why)}</span>`}</p>`)}
    <${Sending} key=${made.id} story=${story} title=${many ? t('attempt', {n: last}) : made.method} kind=${!answer || answer.error ? 'failed' : 'passed'} faults=${of(last)}
      request=${made} answer=${answer ? {...answer, took: answer.duration - (answer.sent_at - made.at)} : null} />
    ${made.curl ? html`<p class="paste"><span>curl</span> <${Copy} text=${made.curl} label=${t('copy')} /></p>` : null}`;
}
function ScriptTab({story, event}) {
  const thrown = story.rows.filter(e => e.event === 'ErrorThrown' && e.place);
  const near = event?.step ? story.rows.filter(e => e.step === event.step) : [];
  const own = e => (e.place && e.event !== 'StepStarted' && !e.place.includes('.scenario.yaml') ? e.place : e.event === 'HookStarted' ? e.script : '');
  const blamed = !event && story.failures.length ? story.failures[0].script.split(' ')[0] : null; // a failure may have none
  const place = blamed !== null ? blamed : (event && own(event)) || lastOf(near.filter(e => e.event === 'ErrorThrown').map(own)) || lastOf(near.map(own)) || thrown.map(own)[0] || lastOf(story.rows.map(own));
  if (!place) return html`<p class="quiet">${t('no script')}</p>`;
  const {file, line} = lineOf(place), text = sourceOf(story, file);
  const error = event?.event === 'ErrorThrown' ? event : thrown.find(e => lineOf(own(e)).file === file && (!event || e.step === event.step));
  const marks = new Map();
  if (line) marks.set(line, 'here');
  for (const one of near) { const found = lineOf(own(one)); if (found.file === file && found.line && !marks.has(found.line)) marks.set(found.line, one.event === 'ErrorThrown' ? 'error' : 'touched'); }
  return html`<h2><${Placed} at=${place} /></h2>
    ${error ? html`<p class="error">${error.type}: ${say(error.message)}${error.unhandled ? ' (' + t('unhandled') + ')' : ''}</p>
      ${error.stack.length ? html`<details open><summary>${t('stack')}</summary><pre class="body" tabindex="0" role="group" aria-label=${t('stack')}>${error.stack.join('\n')}</pre></details>` : null}` : null}
    ${text === null ? html`<p class="quiet">${t('no source')}</p>` : html`<${Code} text=${text} marks=${marks} label=${file} />`}`;
}
const lastOf = places => places.filter(Boolean).pop() || '';
function FormTab({story, event}) {
  const step = event?.step || story.steps.find(one => one.end?.outcome === 'failed') || story.steps[story.steps.length - 1];
  const before = step?.start.form, after = step?.end ? step.end.form : null;
  if (!step || (before === null && after === null && (step.end?.result ?? null) === null)) return html`<p class="quiet">${t('no form')}</p>`;
  if (typeof before === 'string' || typeof after === 'string') return html`<${Beside} names=${[t('before'), t('after step')]} left=${pretty(before)} right=${pretty(after)} />`;
  const states = step.end?.fields || {}, result = step.end?.result ?? null, flow = step.end?.flow;
  const names = [...new Set([...Object.keys(before || {}), ...Object.keys(after || {}), ...Object.keys(states)])];
  return html`<h2>${titleOf(step.start)}</h2><table class="form"><thead><tr><th scope="col">${t('field')}</th><th scope="col">${t('before')}</th><th scope="col">${t('after step')}</th><th scope="col">${t('state')}</th></tr></thead>
    <tbody>${names.map(name => { const old = json(before?.[name]), now = step.end ? json(after?.[name]) : '…'; return html`<tr class=${old === now ? '' : 'changed'}><th scope="row">${name}</th><td><code>${old}</code></td><td>${old === now ? html`<code>${now}</code>` : html`<code class="new">${now}</code>`}</td><td>${stateOf(states[name])}</td></tr>`; })}</tbody></table>
    ${result === null ? null : html`<h3>${t('result')}</h3><pre class="body" tabindex="0" role="group" aria-label=${t('result')}>${pretty(result)}</pre>`}
    ${flow ? html`<h3>${t('flow')}</h3><pre class="body" tabindex="0" role="group" aria-label=${t('flow')}>${pretty(flow)}</pre>` : null}`;
}
// What a field has beside its value: hidden, required, its options.
const stateOf = (states = {}) => Object.entries(states).map(([name, value]) => typeof value === 'boolean' ? t((value ? '' : 'not ') + name) : name + ': ' + short(json(value), 60)).join(', ');
function ExpectTab({story, event}) {
  const steps = event?.step ? [event.step] : story.steps.filter(step => step.checks.length), whole = event?.step ? [] : story.finished?.checks || [];
  const told = steps.filter(step => step.checks.length || step.end?.reason);
  if (!told.length && !whole.length) return html`<p class="quiet">${t('no expectation')}</p>`;
  return html`${told.map(step => html`<h3>${titleOf(step.start)}</h3>${step.end?.reason ? html`<p class="quiet">${t('skipped because', {reason: say(step.end.reason)})}</p>` : null}<${Checks} checks=${step.checks} />`)}
    ${whole.length ? html`<h3>${t('whole scenario')}</h3><${Checks} checks=${whole} />` : null}`;
}
function ConsoleTab({story, onSelect}) {
  const lines = story.rows.filter(e => e.event === 'ConsoleWritten' || e.event === 'MessageShown');
  if (!lines.length) return html`<p class="quiet">${t('no console')}</p>`;
  return html`<ol class="console">${lines.slice(0, 2000).map(e => html`<li class=${e.level}><span class="time">+${seconds(e.offset)}</span> <span class="text">${e.text}</span>
    ${e.place ? html`<button type="button" class="place" onClick=${() => onSelect(String(e.id), 'script')}>${e.place}</button>` : null}</li>`)}</ol>`;
}
function ScenarioTab({story, event}) {
  const places = event?.step ? [event.step.start.place] : [story.place], wrong = story.failures.map(one => lineOf(one.place));
  const {file, line} = lineOf(places[0]), text = sourceOf(story, file), marks = new Map();
  if (line) marks.set(line, 'here');
  for (const one of wrong) if (one.file === file) marks.set(one.line, 'error');
  return html`<h2><${Placed} at=${places[0]} /></h2>${text === null ? html`<p class="quiet">${t('no source')}</p>` : html`<${Code} text=${text} marks=${marks} label=${file} />`}`;
}
const PANELS = {failure: Failure, call: CallTab, script: ScriptTab, form: FormTab, expect: ExpectTab, console: ConsoleTab, scenario: ScenarioTab};
const TAB_OF = {CallMade: 'call', ConsoleWritten: 'console', ErrorThrown: 'script', HookStarted: 'script', FieldChanged: 'form', StepStarted: 'expect'};
function Details({story, event, tab, onTab, onSelect}) {
  const tabs = TABS.filter(name => name !== 'failure' || story.failures.length);
  const now = tabs.includes(tab) ? tab : event ? TAB_OF[event.event] || 'form' : tabs[0];
  const Panel = PANELS[now];
  const keys = event => {
    const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!by) return;
    event.preventDefault();
    onTab(tabs[(tabs.indexOf(now) + by + tabs.length) % tabs.length]);
    requestAnimationFrame(() => document.querySelector('[role=tab][aria-selected=true]')?.focus());
  };
  return html`<div class="details"><div class="tabs" role="tablist" aria-label=${t('events')} onKeyDown=${keys}>
    ${tabs.map(name => html`<button type="button" role="tab" id=${'tab-' + name} aria-controls="panel" aria-selected=${name === now ? 'true' : 'false'} tabindex=${name === now ? 0 : -1} onClick=${() => onTab(name)}>${t('tab ' + name)}</button>`)}</div>
    <div class="panel" role="tabpanel" id="panel" aria-labelledby=${'tab-' + now} tabindex="0"><${Panel} key=${now + story.id} story=${story} event=${event} onSelect=${onSelect} /></div></div>`;
}
