import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../errors";
import type { Featurizer } from "../featurizer";
import type { StoredItem } from "../itemFile";
import { MODEL_FILE, TOKENIZER_FILE } from "./resolveModelFolder";

const BATCH_ITEMS = 512;
/** Texts of similar length that go through the model together. */
const MODEL_BATCH = 32;
/** Characters tokenised per token kept: no tokeniser's mean token is longer. */
const CHARACTERS_PER_TOKEN_MAX = 16;
const TOKENIZER_CONFIG_FILE = "tokenizer_config.json";
/** Output that already is one vector per text. */
const POOLED_OUTPUT = "sentence_embedding";

export interface OnnxOptions {
  folder: string;
  pooling: "mean" | "cls";
  normalize: boolean;
  maxTokens: number;
}

interface Encoded {
  /** Place in the caller's list. */
  index: number;
  ids: number[];
}

interface Pooled {
  /** n×dim. */
  vectors: Float32Array;
  dim: number;
}

/**
 * Sentence vectors of a Hugging Face encoder exported to ONNX: its folder holds model.onnx and tokenizer.json. Texts are
 * tokenised, cut to maxTokens, padded to the longest of their batch; the token vectors are averaged over real tokens, or
 * the first one is taken. One thread, so that results do not depend on the machine's cores.
 *
 * @throws AppError E_PRECONDITION when the model cannot be loaded or gives no usable output.
 */
export async function createOnnxFeaturizer(options: OnnxOptions): Promise<Featurizer> {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const ort = await import("onnxruntime-node");
  const { model, config } = await readTokenizer(options.folder);
  const tokenizer = new Tokenizer(model, config);
  const session = await ort.InferenceSession.create(join(options.folder, MODEL_FILE), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
  }).catch((error: unknown) => {
    throw new AppError("E_PRECONDITION", `The ONNX model could not be loaded: ${String(error)}`, { cause: error });
  });
  const closing = tokenizer.encode("").ids.at(-1);
  const encode = (text: string): number[] => {
    const all = tokenizer.encode(text.slice(0, options.maxTokens * CHARACTERS_PER_TOKEN_MAX)).ids;
    // A vocabulary without a token for unknown words leaves holes.
    const ids = all.filter((id) => id !== undefined);
    if (ids.length <= options.maxTokens) return ids;
    const kept = ids.slice(0, options.maxTokens);
    // The model expects its closing token where there is one.
    if (closing !== undefined && ids.at(-1) === closing) kept[kept.length - 1] = closing;
    return kept;
  };

  const runBatch = async (batch: readonly Encoded[]): Promise<Pooled> => {
    const length = Math.max(1, ...batch.map((text) => text.ids.length));
    const feeds = feedsOf(session.inputNames, batch, length);
    const tensors = Object.fromEntries(
      Object.entries(feeds).map(([name, values]) => [name, new ort.Tensor("int64", values, [batch.length, length])]),
    );
    const outputs = await session.run(tensors);
    const name = session.outputNames.includes(POOLED_OUTPUT) ? POOLED_OUTPUT : session.outputNames[0];
    const output = outputs[name];
    return poolOutput(output.data as Float32Array, output.dims, batch, length, options.pooling);
  };

  const dim = (await runBatch([{ index: 0, ids: encode("a") }])).dim;
  return {
    dim,
    batchItems: BATCH_ITEMS,
    async transform(items: readonly StoredItem[], out: Float32Array): Promise<void> {
      const encoded = items.map(({ text }, index): Encoded => ({ index, ids: encode(text) }));
      encoded.sort((a, b) => a.ids.length - b.ids.length || a.index - b.index);
      for (let at = 0; at < encoded.length; at += MODEL_BATCH) {
        const batch = encoded.slice(at, at + MODEL_BATCH);
        const { vectors } = await runBatch(batch);
        batch.forEach(({ index }, i) => {
          const vector = vectors.subarray(i * dim, (i + 1) * dim);
          if (options.normalize) normalizeVector(vector);
          out.set(vector, index * dim);
        });
      }
    },
    dispose: () => session.release(),
  };
}

/**
 * The two files of a tokenizer; the second may be missing. The token for unknown words stands in either, as text or as an
 * object, and the library looks for text in the second.
 */
async function readTokenizer(folder: string): Promise<{ model: object; config: object }> {
  const read = async (name: string) => {
    const text = await readFile(join(folder, name), "utf8").catch(() => "{}");
    return JSON.parse(text) as { model?: { unk_token?: string }; unk_token?: string | { content: string } };
  };
  const model = await read(TOKENIZER_FILE);
  const config = await read(TOKENIZER_CONFIG_FILE);
  const given = typeof config.unk_token === "object" ? config.unk_token?.content : config.unk_token;
  return { model, config: { ...config, unk_token: given ?? model.model?.unk_token } };
}

/** The integer inputs every text encoder asks for; an unknown one is named, not guessed. */
function feedsOf(inputNames: readonly string[], batch: readonly Encoded[], length: number) {
  const fill = (valueAt: (ids: number[], t: number) => number): BigInt64Array => {
    const values = new BigInt64Array(batch.length * length);
    batch.forEach(({ ids }, i) => {
      for (let t = 0; t < ids.length; t++) values[i * length + t] = BigInt(valueAt(ids, t));
    });
    return values;
  };
  const known: Record<string, () => BigInt64Array> = {
    input_ids: () => fill((ids, t) => ids[t]),
    attention_mask: () => fill(() => 1),
    token_type_ids: () => fill(() => 0),
    position_ids: () => fill((_, t) => t),
  };
  const feeds: Record<string, BigInt64Array> = {};
  for (const name of inputNames) {
    const make = known[name];
    if (!make) {
      throw new AppError(
        "E_PRECONDITION",
        `The ONNX model asks for an input "${name}"; known are ${Object.keys(known).join(", ")}. Export it as a text encoder.`,
      );
    }
    feeds[name] = make();
  }
  return feeds;
}

/** batch×dim as it is; batch×tokens×dim averaged over the real tokens, or its first token. */
function poolOutput(
  data: Float32Array,
  dims: readonly number[],
  batch: readonly Encoded[],
  length: number,
  pooling: "mean" | "cls",
): Pooled {
  const isPerText = dims.length === 2 && dims[0] === batch.length;
  const isPerToken = dims.length === 3 && dims[0] === batch.length && dims[1] === length;
  if (!(data instanceof Float32Array) || !(isPerText || isPerToken)) {
    throw new AppError(
      "E_PRECONDITION",
      `The ONNX model's output has shape [${dims.join(", ")}]; expected float32 [texts, dim] or [texts, tokens, dim].`,
    );
  }
  const dim = dims[dims.length - 1];
  if (isPerText) return { vectors: data.slice(), dim };
  const vectors = new Float32Array(batch.length * dim);
  batch.forEach(({ ids }, i) => {
    const nTokens = pooling === "cls" ? Math.min(1, ids.length) : ids.length;
    for (let t = 0; t < nTokens; t++) {
      for (let j = 0; j < dim; j++) vectors[i * dim + j] += data[(i * length + t) * dim + j] / nTokens;
    }
  });
  return { vectors, dim };
}

function normalizeVector(vector: Float32Array): void {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares > 0) for (let j = 0; j < vector.length; j++) vector[j] /= Math.sqrt(squares);
}
