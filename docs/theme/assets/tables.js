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
