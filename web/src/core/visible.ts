// Characters that are not seen, or turn around what is written beside them, are shown as the escapes
// that JSON has for them: nobody is to be misled by a text.

// Controls but for tabs and line ends, zero widths, directions, separators of lines, the byte order mark.
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to be found
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export const visible = (text: string): string =>
  text.replace(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
