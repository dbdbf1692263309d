/** Images that go into a message, as data URLs. */

const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const MOST_BYTES = 5 * 1024 * 1024;

export const ACCEPTED = TYPES.join(",");

/** A file's data URL. Throws RangeError for what no model reads. */
export function readImage(file) {
  if (!TYPES.includes(file.type)) return Promise.reject(new RangeError(`${file.name}: models read PNG, JPEG, GIF and WebP.`));
  if (file.size > MOST_BYTES) return Promise.reject(new RangeError(`${file.name} has more than 5 MB.`));
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(new RangeError(`${file.name} could not be read.`)));
    reader.readAsDataURL(file);
  });
}
