// Not a module, so that it runs before anything is painted: a page that turns dark after a moment hurts the eyes.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem('visualizer.theme');
  } catch {
    // A browser that keeps nothing for us: then the system's scheme holds.
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}
