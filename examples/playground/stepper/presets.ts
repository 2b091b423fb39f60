/** Programs to begin with, from one product to a denoising step. */

export interface Preset {
  readonly title: string;
  readonly source: string;
}

export const presets: readonly Preset[] = [
  { title: "x · x", source: "x = 3\nf = x * x\n" },
  { title: "Chain rule", source: "x = 0.5\nu = 3 * x + 1\nv = u ** 2\nf = v.sin()\n" },
  {
    title: "Product and sum",
    source:
      "a = 0.5\nb = -2\n\n// a is used twice: its contributions add up\nf = (a * b + a.sin()).square()\n",
  },
  {
    title: "Diamond",
    source:
      "x = 1.5\n\n// Two paths lead from u to f.\nu = x * x\nleft = u.exp()\nright = 1 / u\nf = left * right\n",
  },
  {
    title: "A neuron",
    source:
      "w = [0.6, -0.4, 0.2]\nb = 0.1\nx = tensor([1, 2, -1]) // data: not differentiated\n\ny = (w * x).sum() + b\nf = y.tanh()\n",
  },
  {
    title: "Activations",
    source: "x = [-1.5, 0.3, 2]\n\nf = (x.relu() + x.silu() + x.gelu() + x.sigmoid()).sum()\n",
  },
  {
    title: "Broadcasting",
    source:
      "a = [[1, 2, 3], [4, 5, 6]]\nb = [0.5, -1, 2]\n\n// b is used in both rows, so its gradient is a sum over rows.\nf = (a * b).square().mean()\n",
  },
  {
    title: "Matrix product",
    source:
      "a = [[1, -2, 0.5], [0.3, 1, -1]]\nb = [[0.2, 1], [-0.6, 0.4], [1, 0.1]]\n\ny = matmul(a, b)\nf = y.square().sum()\n",
  },
  {
    title: "Views",
    source:
      "x = [[1, 2, 3], [4, 5, 6]]\n\nturned = x.transpose()\nrow = turned.at(1)\nf = (row * row).sum() + x.reshape([6]).slice([0, 2]).sum()\n",
  },
  {
    title: "Softmax and cross entropy",
    source: "z = [2, 0.5, -1]\ntarget = tensor([0, 1, 0])\n\np = softmax(z)\nf = -(target * p.log()).sum()\n",
  },
  {
    title: "Layer norm",
    source:
      "x = [[1, 2, 4], [-1, 0, 3]]\ngain = [1, 0.5, 2]\nshift = [0, 0.1, -0.2]\n\ncentred = x - x.mean(-1, { keepdim: true })\nvariance_ = centred.square().mean(-1, { keepdim: true })\ny = centred / (variance_ + 0.00001).sqrt() * gain + shift\nf = y.square().sum() / 2 + y.sum()\n",
  },
  {
    title: "A line through points",
    source:
      "slope = 0.5\nstart = 0\nx = tensor([0, 1, 2, 3])\ny = tensor([1, 2.9, 5.1, 7])\n\nloss = mseLoss(slope * x + start, y)\n",
  },
  {
    title: "Two layers on four points (XOR)",
    source:
      "x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]])\ny = tensor([[0], [1], [1], [0]])\nw1 = [[1.2, -0.8], [0.9, 1.1], [-0.7, 0.6]]\nb1 = [0.1, -0.2, 0.3]\nw2 = [[0.8, -1, 0.7]]\nb2 = [0]\n\nhidden = linear(x, w1, b1).tanh()\nloss = mseLoss(linear(hidden, w2, b2).sigmoid(), y)\n",
  },
  {
    title: "A denoising step",
    source:
      "// A linear denoiser is to give back a curve.\nclean = tensor([0.2, 0.9, 1.1, 1])\nnoise = normal([4], new Random(2))\nnoisy = linearCombination(0.7, clean, 0.3, noise)\n\nw = [[0.5, 0.2, 0, 0], [0.2, 0.5, 0.2, 0], [0, 0.2, 0.5, 0.2], [0, 0, 0.2, 0.5]]\nb = [0.1, 0.1, 0.1, 0.1]\nguess = linear(noisy, w, b).silu() + noisy\nloss = mseLoss(guess, clean)\n",
  },
  {
    title: "A root by differentiating twice",
    source:
      "x = 1.2\n\n// Switch to second derivatives. Newton's method goes to a root of f′ in steps of −f′/f″.\nf = x ** 4 - 3 * x ** 2 + x\n",
  },
  {
    title: "Attention of one query",
    source:
      "query = [0.5, -1]\nkeys = [[1, 0], [0.2, -0.6], [-1, 1]]\nvalues = [[1, 2], [-1, 0.5], [0.3, -0.7]]\n\nweights = softmax(matmul(keys, query) / 2 ** 0.5)\nf = matmul(weights, values).square().sum()\n",
  },
];
