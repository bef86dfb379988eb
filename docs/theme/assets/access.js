// Keys scroll a table that is wider than the window only if it can take the focus.
function letWideTablesTakeTheFocus() {
  for (const wrap of document.querySelectorAll('.md-typeset__scrollwrap')) {
    if (wrap.scrollWidth > wrap.clientWidth) wrap.tabIndex = 0;
    else wrap.removeAttribute('tabindex');
  }
}
addEventListener('load', letWideTablesTakeTheFocus);
addEventListener('resize', letWideTablesTakeTheFocus);
addEventListener('toggle', letWideTablesTakeTheFocus, true);

// A dialog needs a name; the theme gives its search none.
document.querySelector('.md-search').setAttribute('aria-label', document.querySelector('.md-search__input').placeholder);

// Where a section has a page of its own, its label is empty, and its list has no name.
for (const list of document.querySelectorAll('nav[aria-labelledby]')) {
  const title = list.querySelector('.md-nav__title');
  if (!title) continue;
  list.removeAttribute('aria-labelledby');
  list.setAttribute('aria-label', title.textContent.trim());
}

// The theme makes a landmark of every copy button.
addEventListener('load', () => {
  for (const buttons of document.querySelectorAll('.md-code__nav')) buttons.setAttribute('role', 'none');
});
