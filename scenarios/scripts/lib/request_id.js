// A request ID that sorts by time: milliseconds, then eight random digits, all in base 36.
function generateRequestId() {
  const random = Math.floor(Math.random() * 36 ** 8).toString(36).padStart(8, '0');
  return `req-${Date.now().toString(36)}-${random}`;
}
