/** With it the pages open without a network after the first visit. */

export function keepOffline(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("./service-worker.js").catch(() => {
    // Opened from a file or without a secure connection: the page works, but only while it is there.
  });
}
