import { describe, expect, it } from "vitest";
import type { KeyLike } from "./readKey";
import { readKey } from "./readKey";

function press(key: string, code: string, held: Partial<KeyLike> = {}): string[] {
  return readKey({ key, code, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held });
}
const SHIFT = { shiftKey: true };

describe("readKey", () => {
  it("reads digits by their place, whatever the layout prints there", () => {
    expect(press("1", "Digit1")[0]).toBe("1");
    expect(press("&", "Digit1")).toEqual(["1", "&"]);
    expect(press("é", "Digit2")[0]).toBe("2");
    expect(press("!", "Digit1", SHIFT)[0]).toBe("shift+1");
  });

  it("lets a shifted digit of AZERTY stand for the digit when nothing has Shift with it", () => {
    expect(press("1", "Digit1", SHIFT)).toEqual(["shift+1", "1"]);
  });

  it("reads the number pad only while it types digits", () => {
    expect(press("7", "Numpad7")).toEqual(["7"]);
    expect(press("Home", "Numpad7")).toEqual(["home"]);
  });

  it("reads letters by what is printed, with or without Caps Lock", () => {
    expect(press("a", "KeyQ")).toEqual(["a"]);
    expect(press("A", "KeyA")).toEqual(["a"]);
    expect(press("D", "KeyD", SHIFT)).toEqual(["shift+d"]);
  });

  it("takes the place of a letter on keyboards without Latin letters", () => {
    expect(press("ы", "KeyS")).toEqual(["s"]);
    expect(press("ש", "KeyA")).toEqual(["a"]);
    expect(press("я", "KeyZ", { ctrlKey: true })).toEqual(["mod+z"]);
  });

  it("reads signs wherever they are", () => {
    expect(press("?", "Slash", SHIFT)).toContain("?");
    expect(press("?", "Minus", SHIFT)).toContain("?");
    expect(press("/", "Slash")).toEqual(["/"]);
    expect(press("/", "Digit7", SHIFT)).toEqual(["shift+7", "/"]);
  });

  it("reads Ctrl and Cmd alike, and leaves Alt to the browser", () => {
    expect(press("z", "KeyZ", { ctrlKey: true })).toEqual(["mod+z"]);
    expect(press("z", "KeyZ", { metaKey: true })).toEqual(["mod+z"]);
    expect(press("1", "Digit1", { altKey: true })).toEqual([]);
    expect(press("1", "Digit1", { ctrlKey: true })).toEqual(["mod+1"]);
  });

  it("says nothing while an input method composes", () => {
    expect(press("s", "KeyS", { isComposing: true })).toEqual([]);
    expect(press("Process", "KeyS")).toEqual([]);
    expect(press("Dead", "BracketLeft")).toEqual([]);
  });
});
