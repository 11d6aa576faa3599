import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A protocol buffer message, field by field: enough of the format to write a small ONNX graph. */
class Message {
  readonly #bytes: number[] = [];

  varint(field: number, value: number): this {
    this.#tag(field, 0);
    this.#varint(value);
    return this;
  }
  bytes(field: number, value: Uint8Array | string): this {
    const data = typeof value === "string" ? new TextEncoder().encode(value) : value;
    this.#tag(field, 2);
    this.#varint(data.length);
    for (const byte of data) this.#bytes.push(byte);
    return this;
  }
  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }
  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#bytes.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
  }
}

const FLOAT = 1;
const INT64 = 7;

function valueInfo(name: string, type: number, dims: readonly (string | number)[]): Message {
  const shape = new Message();
  for (const dim of dims) {
    const one = new Message();
    if (typeof dim === "number") one.varint(1, dim);
    else one.bytes(2, dim);
    shape.message(1, one);
  }
  const tensor = new Message().varint(1, type).message(2, shape);
  return new Message().bytes(1, name).message(2, new Message().message(1, tensor));
}

function floatTensor(name: string, dims: readonly number[], values: Float32Array): Message {
  const tensor = new Message();
  for (const dim of dims) tensor.varint(1, dim);
  return tensor.varint(2, FLOAT).bytes(8, name).bytes(9, new Uint8Array(values.buffer));
}

function node(op: string, inputs: readonly string[], output: string): Message {
  const message = new Message();
  for (const input of inputs) message.bytes(1, input);
  return message.bytes(2, output).bytes(4, op);
}

export interface TinyEncoder {
  dim: number;
  vocabulary: string[];
  /** Vector of a token: what the graph gives for it at any place. */
  vectorOf(token: string): number[];
}

const SHIFT = 0.25;

/**
 * Writes an encoder into a folder: model.onnx, whose token vectors are a table looked up by Gather plus a constant, and a
 * word-level tokenizer.json that puts [CLS] before and [SEP] behind.
 */
export function writeTinyEncoder(folder: string, words: readonly string[]): TinyEncoder {
  const vocabulary = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", ...words];
  const dim = 4;
  const table = Float32Array.from({ length: vocabulary.length * dim }, (_, p) => ((p * 7) % 11) / 10 - 0.5);
  const graph = new Message()
    .message(1, node("Gather", ["table", "input_ids"], "looked_up"))
    .message(1, node("Add", ["looked_up", "shift"], "last_hidden_state"))
    .bytes(2, "encoder")
    .message(5, floatTensor("table", [vocabulary.length, dim], table))
    .message(5, floatTensor("shift", [1], Float32Array.of(SHIFT)))
    .message(11, valueInfo("input_ids", INT64, ["texts", "tokens"]))
    .message(11, valueInfo("attention_mask", INT64, ["texts", "tokens"]))
    .message(12, valueInfo("last_hidden_state", FLOAT, ["texts", "tokens", dim]));
  const model = new Message().varint(1, 8).message(7, graph).message(8, new Message().varint(2, 17));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "model.onnx"), model.finish());
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizerOf(vocabulary)));
  return {
    dim,
    vocabulary,
    vectorOf(token) {
      const id = Math.max(0, vocabulary.indexOf(token));
      return Array.from(table.subarray(id * dim, (id + 1) * dim), (value) => value + SHIFT);
    },
  };
}

function tokenizerOf(vocabulary: readonly string[]): unknown {
  const special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]"];
  const template = (name: string) => ({ SpecialToken: { id: name, type_id: 0 } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: "Lowercase" },
    pre_tokenizer: { type: "Whitespace" },
    post_processor: {
      type: "TemplateProcessing",
      single: [template("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, template("[SEP]")],
      pair: [],
      special_tokens: {
        "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] },
        "[SEP]": { id: "[SEP]", ids: [2], tokens: ["[SEP]"] },
      },
    },
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
      unk_token: "[UNK]",
    },
  };
}
