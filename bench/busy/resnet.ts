/** ResNet-50, said once for whoever builds it: an eager program, or a graph model. */

/** One convolution with its bias, as it is once batch norms are folded into it. */
export interface ConvSpec {
  readonly from: number;
  readonly to: number;
  readonly filter: number;
  readonly stride: number;
  readonly isActivated: boolean;
}

/** What a network is built with; `T` is a tensor, or the name of a node. */
export interface ImageNetwork<T> {
  conv(x: T, spec: ConvSpec): T;
  maxPool(x: T, size: number, stride: number): T;
  addRelu(a: T, b: T): T;
  /** The mean of every channel, and a dense layer. */
  classify(x: T, from: number, to: number): T;
}

/** The stages: blocks, channels inside a block, and the stride of the first one. */
const STAGES = [
  { blocks: 3, width: 64, stride: 1 },
  { blocks: 4, width: 128, stride: 2 },
  { blocks: 6, width: 256, stride: 2 },
  { blocks: 3, width: 512, stride: 2 },
] as const;
/** Channels that a block gives, for each inside it. */
const EXPANSION = 4;
const CLASSES = 1000;

/** The side of the square image that it takes. */
export const IMAGE_SIZE = 224;
/** 53 convolutions, a pool, a mean and a dense layer, with all else in them; and some to spare. */
export const MAX_DISPATCHES = 60;

export function resnet50<T>(net: ImageNetwork<T>, image: T): T {
  const stem = { from: 3, to: 64, filter: 7, stride: 2, isActivated: true };
  let x = net.maxPool(net.conv(image, stem), 3, 2);
  let channels = 64;
  for (const { blocks, width, stride } of STAGES) {
    for (let block = 0; block < blocks; block++) {
      x = bottleneck(net, x, channels, width, block === 0 ? stride : 1);
      channels = EXPANSION * width;
    }
  }
  return net.classify(x, channels, CLASSES);
}

function bottleneck<T>(net: ImageNetwork<T>, x: T, from: number, width: number, stride: number): T {
  const to = EXPANSION * width;
  const narrow = net.conv(x, { from, to: width, filter: 1, stride: 1, isActivated: true });
  const middle = { from: width, to: width, filter: 3, stride, isActivated: true };
  const wide = { from: width, to, filter: 1, stride: 1, isActivated: false };
  const branch = net.conv(net.conv(narrow, middle), wide);
  const isSame = from === to && stride === 1;
  const shortcut = isSame ? x : net.conv(x, { from, to, filter: 1, stride, isActivated: false });
  return net.addRelu(branch, shortcut);
}
