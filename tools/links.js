/** README's links and images as pages of package registries need them: absolute, at the tag of the version. */
import { manifest } from "./entry-points.js";

/** The repository's page, from `repository` in package.json: the one place that names it. */
export const repository = manifest.repository.url.replace(/^git\+/, "").replace(/\.git$/, "");

/** Whether the repository is still the placeholder. */
export const isPlaceholder = repository.includes("/OWNER/");

/** Markdown whose links to files of the repository lead to them from anywhere. */
export function withAbsoluteLinks(markdown) {
  const tag = `v${manifest.version}`;
  const raw = repository.replace("https://github.com/", "https://raw.githubusercontent.com/");
  return markdown.replace(/(!?\[(?:[^[\]]|!\[[^\]]*\]\([^)]*\))*\])\(([^)\s]+)\)/g, (_, label, target) => {
    const isImage = label.startsWith("!");
    const inner = isImage ? label : withAbsoluteLinks(label);
    if (/^(https?:|#|mailto:)/.test(target)) return `${inner}(${target})`;
    return isImage ? `${label}(${raw}/${tag}/${target})` : `${inner}(${repository}/blob/${tag}/${target})`;
  });
}
