/**
 * Bytes of an ONNX model with one Gemm node: Y = op(A)·op(B). Written by hand: the whole message is a few dozen
 * fields, and a protobuf library would be 28 MB. Field numbers are those of onnx.proto (IR version 8, opset 13).
 */
export function onnxGemmModel({ transA, transB }: GemmForm): Uint8Array {
  const inputs = ["A", "B"];
  const node = [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, "Y"),
    ...text(4, "Gemm"),
    ...message(5, [...text(1, "transA"), ...varint(3, transA ? 1 : 0), ...varint(20, ATTRIBUTE_INT)]),
    ...message(5, [...text(1, "transB"), ...varint(3, transB ? 1 : 0), ...varint(20, ATTRIBUTE_INT)]),
  ];
  const graph = [
    ...message(1, node),
    ...text(2, "gemm"),
    ...inputs.flatMap((name) => message(11, value(name, [`${name}0`, `${name}1`]))),
    ...message(12, value("Y", ["m", "n"])),
  ];
  const opset = [...text(1, ""), ...varint(2, 13)];
  return Uint8Array.from([...varint(1, 8), ...message(7, graph), ...message(8, opset)]);
}

export interface GemmForm {
  transA: boolean;
  transB: boolean;
}

const ATTRIBUTE_INT = 2;
const ELEMENT_FLOAT = 1;

/** ValueInfoProto of a float tensor with symbolic dimensions. */
function value(name: string, dimensions: string[]): number[] {
  const shape = dimensions.flatMap((dimension) => message(1, text(2, dimension)));
  return [...text(1, name), ...message(2, message(1, [...varint(1, ELEMENT_FLOAT), ...message(2, shape)]))];
}

function varint(field: number, number: number): number[] {
  return [...base128(field << 3), ...base128(number)];
}

function text(field: number, characters: string): number[] {
  return message(field, [...new TextEncoder().encode(characters)]);
}

function message(field: number, bytes: number[]): number[] {
  return [...base128((field << 3) | 2), ...base128(bytes.length), ...bytes];
}

function base128(number: number): number[] {
  return number < 128 ? [number] : [(number & 127) | 128, ...base128(number >>> 7)];
}
