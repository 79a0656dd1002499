// Bytes in words.
"use strict";
const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"];

// As `look.units.size`: three significant digits in decimal units.
export function size(count) {
  let number = count;
  let unit = 0;
  while (number >= 999.5 && unit < SIZES.length - 1) {
    number /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
  return `${number.toFixed(digits)} ${SIZES[unit]}`;
}
