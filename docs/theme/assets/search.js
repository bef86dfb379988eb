// The site's search: a worker that the theme asks instead of its own (see squidfunk.github.io/
// mkdocs-material, `setupSearchWorker`: a worker may be replaced by one that answers its messages).
//
// The theme's cuts a query into Chinese words of the index and loses the last character, takes `--lf`
// for "without lf", and knows no other word for a thing. Here a section is found by starts of words,
// pairs of Chinese characters and whole names; what weighs how much stands in WEIGHTS. Sections come
// from search_index.json; `words` and `weight` of a page are from docs/search.yaml (tests/docs/hooks.py).
"use strict"

const SETUP = 0, READY = 1, QUERY = 2, RESULT = 3
const WEIGHTS = { words: 14, title: 8, page: 4, text: 1 }
const WHOLE_QUERY = 3 // times the weight of words or a text that have the query as it was typed
const FIRST_SECTION = 1.3
const MOST_PAGES = 20
const LEAST_SHARE = 0.03 // of the first page's score
const NOT_ASKED = {
  zh: /怎么样|怎么办|怎么|如何|怎样|什么是|是什么|为什么|为何|什么|哪里|哪些|放在|写在|用法|办法|可以|能否|是否|一个|[的了吗呢吧我]/g,
  en: /\b(?:a|an|and|are|can|do|does|for|from|how|i|if|in|is|it|my|of|on|or|the|to|what|when|where|which|why|with|you|your)\b/g,
}

let language = "en"
let sections = []
let pages = new Map()

const dropNotAsked = text => text.replace(NOT_ASKED.en, " ").replace(NOT_ASKED.zh, " ").replace(/\s+/g, " ").trim() || text
const escapeRegExp = text => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
const escapeHtml = text => text.replace(/[&<>]/g, one => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[one])

function readText(html) {
  return html
    .replace(/<\/?(?:p|li|ul|ol|pre)>/g, " ")
    .replace(/<[^>]+>|\u200b/g, "")
    .replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name])
    .replace(/\s+/g, " ")
    .trim()
}

function setUp({ config, docs }) {
  language = config.lang[0] === "zh" ? "zh" : "en"
  pages = new Map()
  sections = docs.map(({ location, title, text, words = [], weight = 1 }) => {
    const place = location.split("#")[0]
    const section = { location, place, weight, title: readText(title), text: readText(text) }
    const page = pages.get(place) ?? pages.set(place, section).get(place)
    section.lines = [section.title, ...words].map(line => dropNotAsked(line.toLowerCase()))
    section.low = {
      title: section.title.toLowerCase(),
      page: page === section ? "" : page.title.toLowerCase(),
      words: words.map(line => line.toLowerCase()).join("\n"),
      text: section.text.toLowerCase(),
    }
    return section
  })
}

// A term is what is looked for, with how much one that stands in a section counts.
function readTerms(query) {
  const kept = dropNotAsked(query)
  const terms = new Map()
  const add = (text, pattern, isPart = false) => terms.set(text, { text, pattern: new RegExp(pattern, "g"), isPart })
  for (const name of kept.match(/[\w$@/:.-]*\w[_:.-]+\w[\w:.-]*|--\w+|\$\w+/g) ?? [])
    add(name, `(?<![\\w-])${escapeRegExp(name)}(?![\\w])`)
  for (const word of kept.match(/[a-z0-9]+/g) ?? []) {
    const stem = word.length > 4 ? word.replace(/(?<=[^s])s$|ing$|ed$/, "") : word
    add(word, `(?<![a-z0-9])${stem}${word.length < 3 ? "(?![a-z0-9])" : ""}`)
  }
  for (const run of kept.match(/\p{Script=Han}+/gu) ?? []) {
    if (run.length < 3) add(run, run)
    else for (let at = 0; at + 2 <= run.length; at++) add(run.slice(at, at + 2), run.slice(at, at + 2), true)
  }
  return [...terms.values()]
}

function countTimes(pattern, text) {
  pattern.lastIndex = 0
  let times = 0
  while (times < 9 && pattern.test(text)) times++
  return times
}

function weighTerm(term, { low }) {
  let weight = 0
  for (const field of ["words", "title", "page"])
    if (countTimes(term.pattern, low[field])) weight += WEIGHTS[field]
  const times = countTimes(term.pattern, low.text)
  return weight + (times && WEIGHTS.text * (1 + Math.log(times)) / (1 + Math.log10(1 + low.text.length / 600)))
}

function search(query) {
  const typed = query.toLowerCase().replace(/["“”「」]/g, "").replace(/\s+/g, " ").trim()
  if (!typed) return []
  const terms = readTerms(typed)
  const asked = dropNotAsked(typed)
  const weights = terms.map(term => sections.map(section => weighTerm(term, section)))
  const rare = weights.map(each => Math.log(1 + sections.length / (1 + each.filter(Boolean).length)))
  const known = weights.map(each => each.some(Boolean))
  const most = rare.reduce((sum, one, at) => sum + (known[at] ? one : 0), 0)
  const found = new Map()
  sections.forEach((section, row) => {
    let score = 0, met = 0
    const hits = {}
    terms.forEach((term, at) => {
      const isHit = weights[at][row] > 0
      if (isHit || !term.isPart) hits[term.text] = isHit // what is no word is not said to be missing
      if (!isHit) return
      score += weights[at][row] * rare[at]
      met += rare[at]
    })
    if (!met) return
    if (section.lines.includes(asked)) score += WHOLE_QUERY * WEIGHTS.words * most
    else if (section.low.text.includes(typed)) score += WHOLE_QUERY * WEIGHTS.text * most
    if (pages.get(section.place) === section) score *= FIRST_SECTION
    score *= section.weight * (met / most) ** 2
    found.set(section.place, [...(found.get(section.place) ?? []), { section, score, hits }])
  })
  const groups = [...found.values()]
    .map(group => group.sort((one, other) => other.score - one.score))
    .sort(([one], [other]) => other.score - one.score)
  return groups
    .filter(([best]) => best.score > LEAST_SHARE * groups[0][0].score)
    .slice(0, MOST_PAGES)
    .map(group => showGroup(group, terms))
}

function showGroup(group, terms) {
  const page = pages.get(group[0].section.place)
  if (!group.some(({ section }) => section === page)) group.push({ section: page, score: 0, hits: {} })
  return group.map(({ section, score, hits }) => ({
    location: section.location,
    title: markHits(section.title, terms),
    text: markHits(cutText(section.text, terms), terms),
    terms: hits,
    score,
  }))
}

// The part of a text in which terms stand first.
function cutText(text, terms) {
  const low = text.toLowerCase()
  const first = Math.min(...terms.map(({ pattern }) => {
    pattern.lastIndex = 0
    return pattern.exec(low)?.index ?? Infinity
  }))
  const start = first === Infinity || first < 60 ? 0 : first - 40
  const end = start + (language === "zh" ? 120 : 240)
  return (start ? "…" : "") + text.slice(start, end) + (end < text.length ? "…" : "")
}

function markHits(text, terms) {
  if (!terms.length) return escapeHtml(text)
  const any = new RegExp(terms.map(({ pattern }) => pattern.source).join("|"), "gi")
  let shown = "", at = 0
  for (const hit of text.matchAll(any)) {
    shown += escapeHtml(text.slice(at, hit.index)) + `<mark data-md-highlight>${escapeHtml(hit[0])}</mark>`
    at = hit.index + hit[0].length
  }
  return shown + escapeHtml(text.slice(at))
}

addEventListener("message", ({ data }) => {
  if (data.type === SETUP) {
    setUp(data.data)
    postMessage({ type: READY })
  } else if (data.type === QUERY) {
    postMessage({ type: RESULT, data: { items: search(data.data) } })
  }
})
