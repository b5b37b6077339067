// Pasting anywhere on the page is dropping on it; the bytes stay as they are.
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  const input = document.querySelector("#restora-drop input[type=file]");
  if (!files.length || !input) return;
  const carried = new DataTransfer();
  files.forEach((file) => carried.items.add(file));
  input.files = carried.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  event.preventDefault();
});
