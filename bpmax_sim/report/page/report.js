// Adds a copy button beside everything that is meant to be pasted; the page is whole without it.
for (const place of document.querySelectorAll(".paste")) {
  const code = place.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "copy";
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    button.textContent = "copied";
  });
  (place.querySelector("summary") || place).append(button);
}
// A link to a scenario opens it.
const open = () => document.querySelector(`${location.hash || "#none"} > details`)?.setAttribute("open", "");
addEventListener("hashchange", open);
open();
