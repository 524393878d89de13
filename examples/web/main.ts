/** The page: what is chosen, the loop that runs frames, and what is shown of them. */
import { io } from '@tensorflow/tfjs-core';
import { compareOutputs } from '../../src/measure/accuracy';
import { watchDevices } from '../../src/measure/gpu-errors';
import type { OutputValues } from '../../src/measure/inference';
import { TASKS } from '../demo/tasks';
import { BACKENDS, colorOf, type BackendName } from './backend-names';
import { bestOf, findSupport, type Support } from './backends';
import { Charts } from './charts';
import { Contender } from './contender';
import { watchGpu } from './counters';
import { byId, el, messageOf, radioRow } from './dom';
import { Screen } from './draw';
import { openAddress, openCamera, openFile, Still, type Frames } from './frames';
import { ownSubject } from './own-model';
import { showFindings, showFusion, showTable, showTiles } from './panels';
import { SAMPLE_TEXT } from './sample-text';
import { site } from 'webgpu-fused:site';
import { pictureSubject, textSubject, type Moment, type Subject } from './subjects';
import { Tally } from './tally';
import './style.css';

/** What can be looked for: tasks of the demo, and two of the page's own. */
const LABELS = {
  faces: 'Faces',
  people: 'People',
  pose: 'Pose',
  objects: 'Objects',
  safety: 'Safe for work?',
  text: 'File type',
  own: 'Your model',
};
type TaskName = keyof typeof LABELS;

const siteTasks = site.tasks as Exclude<TaskName, 'own'>[];

/** Runs of each side when all are compared: before it is timed, and timed. */
const WARMUPS = 2;
const TIMED = 5;
const PAUSE_MS = 80;

class App {
  private task: TaskName = siteTasks[0];
  private backend: BackendName;
  private frames?: Frames;
  /** Those that were asked for last. */
  private opening?: Promise<Frames>;
  /** The frame that the model looks at. */
  private seen?: Frames;
  private readonly still = new Still();
  private isPaused = false;
  /** Bytes of a dropped file, in place of the text in the box. */
  private file?: Uint8Array;
  private ownModel?: io.IOHandler;
  private subject?: Subject;
  private readonly contenders = new Map<BackendName, Contender>();
  /** Counts choices: a loop of an earlier one ends. */
  private choice = 0;
  private turn = Promise.resolve();

  private readonly tally = new Tally();
  private readonly screen = new Screen(byId('screen'));
  private readonly charts = new Charts(byId('charts'));
  private readonly state = byId('state');
  private readonly markTask: (task: TaskName) => void;
  private readonly markBackend: (backend: BackendName) => void;

  constructor(private readonly support: Support) {
    const asked = new URLSearchParams(location.hash.slice(1));
    const { missing } = support;
    this.backend = BACKENDS.find((name) => name === asked.get('backend')) ?? bestOf(support);
    if (missing[this.backend]) this.backend = bestOf(support);
    this.task = siteTasks.find((name) => name === asked.get('task')) ?? this.task;

    const tasks = [...siteTasks, 'own' as const];
    this.markTask = radioRow<TaskName>(
      byId('tasks'),
      tasks.map((value) => ({ value, label: LABELS[value] })),
      (task) => this.choose({ task }),
    );
    this.markBackend = radioRow<BackendName>(
      byId('backends'),
      BACKENDS.map((value) => ({ value, label: value, missing: missing[value] })),
      (backend) => this.choose({ backend }),
    );
    byId('legend').replaceChildren(
      ...BACKENDS.map((name) => el('li', { style: `--tone: var(${colorOf(name)})` }, name)),
    );
    byId('adapter').textContent = missing.webgpu ? '' : `WebGPU: ${support.adapter}`;
    showTable(byId('table'), this.tally);
    showFusion(byId('fusion'), undefined);
    if (missing.webgpu) this.notify(`${missing.webgpu} The other backends run without it.`);
    this.listen();
  }

  async start(): Promise<void> {
    const [photo] = site.photos;
    this.frames = await openAddress(photo.file);
    this.choose({});
  }

  /** Changes what runs, and starts over with it. */
  private choose(change: { task?: TaskName; backend?: BackendName; subject?: 'new' }): void {
    const isNew = change.subject === 'new' || (change.task && change.task !== this.task);
    this.task = change.task ?? this.task;
    this.backend = change.backend ?? this.backend;
    history.replaceState(null, '', `#task=${this.task}&backend=${this.backend}`);
    this.showChoice();
    this.begin(async (mine) => {
      if (isNew) this.forget();
      await this.run(mine);
    });
  }

  /** Ends what runs, then does this; what it throws is shown. */
  private begin(act: (mine: number) => Promise<void>): void {
    const mine = ++this.choice;
    this.turn = this.turn.then(async () => {
      try {
        await act(mine);
      } catch (error) {
        console.error(error);
        if (mine === this.choice) this.say(messageOf(error), true);
        this.tally.note(this.backend, { error: messageOf(error) });
        showTable(byId('table'), this.tally);
      }
    });
  }

  /** Frame after frame, until something else is chosen. */
  private async run(mine: number): Promise<void> {
    const subject = await this.getSubject();
    if (!subject) return;
    const contender = await this.getContender(subject, this.backend);
    let isFirst = true;
    while (mine === this.choice) {
      const moment = this.takeMoment(subject);
      const look = await contender.look(moment.values);
      const findings = await moment.describe(look.outputs);
      if (mine !== this.choice) return;
      this.say('');
      if (this.seen) this.screen.draw(this.seen, findings);
      showFindings(byId('findings'), findings);
      showTiles(byId('tiles'), look);
      if (isFirst) this.showFused(contender);
      else this.record(contender.backend, look); // a first call compiles
      isFirst = false;
      do await pause();
      while (this.isPaused && mine === this.choice);
    }
  }

  private takeMoment(subject: Subject): Moment {
    this.seen = this.frames && this.still.take(this.frames);
    return subject.moment();
  }

  private record(backend: BackendName, look: Awaited<ReturnType<Contender['look']>>): void {
    this.tally.add(backend, look);
    this.charts.add(backend, look);
    showTable(byId('table'), this.tally);
  }

  /** One moment on each backend, the answers beside each other's. */
  private async compare(mine: number): Promise<void> {
    const subject = await this.getSubject();
    if (!subject) return;
    const moment = this.takeMoment(subject);
    let reference: OutputValues[] | undefined;
    for (const backend of BACKENDS.filter((name) => !this.support.missing[name])) {
      if (mine !== this.choice) return;
      try {
        const outputs = await this.measure(subject, moment, backend);
        this.tally.note(
          backend,
          reference
            ? { difference: compareOutputs(outputs, reference).relative }
            : { isReference: true },
        );
        reference ??= outputs;
      } catch (error) {
        this.tally.note(backend, { error: messageOf(error) });
      }
      showTable(byId('table'), this.tally);
    }
    this.say('');
    await this.run(mine);
  }

  private async measure(
    subject: Subject,
    { values }: Moment,
    backend: BackendName,
  ): Promise<OutputValues[]> {
    const contender = await this.getContender(subject, backend);
    this.say(`Running this frame on ${backend} …`);
    for (let run = 0; run < WARMUPS; run++) await contender.look(values);
    for (let run = 1; ; run++) {
      const look = await contender.look(values);
      this.record(backend, look);
      if (run === TIMED) return look.outputs;
      await pause();
    }
  }

  private async getSubject(): Promise<Subject | undefined> {
    this.subject ??= await this.makeSubject();
    return this.subject;
  }

  private async makeSubject(): Promise<Subject | undefined> {
    const frames = (): Frames => {
      if (!this.seen) throw new Error('There is no picture yet.');
      return this.seen;
    };
    if (this.task === 'text') return textSubject(() => this.file ?? encode(textBox().value));
    if (this.task !== 'own') return pictureSubject(TASKS[this.task], frames);
    if (!this.ownModel) {
      this.say('Load a model below, by its address or its files.');
      return undefined;
    }
    this.say('Loading your model …');
    const shapes = byId<HTMLInputElement>('model-shapes');
    const own = await ownSubject(this.ownModel, shapes.value, frames);
    shapes.value = own.shapes;
    return own.subject;
  }

  private async getContender(subject: Subject, backend: BackendName): Promise<Contender> {
    const known = this.contenders.get(backend);
    if (known) return known;
    const made = await Contender.load(subject.source, backend, (text) => this.say(text));
    this.contenders.set(backend, made);
    return made;
  }

  /** Frees models and forgets numbers. */
  private forget(): void {
    for (const contender of this.contenders.values()) contender.dispose();
    this.contenders.clear();
    this.subject = undefined;
    this.tally.clear();
    this.charts.clear();
    showTable(byId('table'), this.tally);
    showFusion(byId('fusion'), undefined);
    byId('findings').replaceChildren();
    byId('tiles').replaceChildren();
    Object.assign(byId('report'), { disabled: true, onclick: null });
  }

  private showFused(contender: Contender): void {
    const told = contender.explain();
    const button = byId<HTMLButtonElement>('report');
    if (told) {
      showFusion(byId('fusion'), told);
      button.onclick = async () => {
        const tab = open('', '_blank'); // now, or it is taken for a pop-up
        const { reportHtml } = await import('tfjs-backend-webgpu-fused/html');
        const html = new Blob([reportHtml(told)], { type: 'text/html' });
        if (tab) tab.location = URL.createObjectURL(html);
      };
    }
    button.disabled = !button.onclick;
  }

  private showChoice(): void {
    this.markTask(this.task);
    this.markBackend(this.backend);
    const isText = this.task === 'text';
    byId('screen-box').hidden = isText;
    byId('sources').hidden = isText;
    byId('text-box').hidden = !isText;
    byId('model-box').hidden = this.task !== 'own';
    if (this.frames && !isText) this.screen.draw(this.frames);
  }

  private say(text: string, isWrong = false): void {
    this.state.textContent = text;
    this.state.hidden = text === '';
    this.state.classList.toggle('wrong', isWrong);
  }

  private notify(text: string): void {
    const notice = byId('notice');
    notice.textContent = text;
    notice.hidden = false;
  }

  /** What is wrong with the frames that were asked for. */
  private tellTrouble(text: string): void {
    const trouble = byId('trouble');
    trouble.textContent = text;
    trouble.hidden = text === '';
  }

  private listen(): void {
    const photos = site.photos.map(({ name, file }) => {
      const image = el('img', { src: file, alt: name, loading: 'lazy' });
      const button = el('button', { type: 'button', title: name }, image);
      button.onclick = () => this.show(openAddress(file));
      return button;
    });
    byId('photos').replaceChildren(...photos);
    const files = (id: string): File[] => [...(byId<HTMLInputElement>(id).files ?? [])];
    byId('file').onchange = () => this.take(files('file'));
    byId('model-files').onchange = () => this.take(files('model-files'));
    byId('model-box').onsubmit = (event) => {
      event.preventDefault();
      const { value } = byId<HTMLInputElement>('model-url');
      if (value) this.ownModel = io.http(value);
      this.choose({ task: 'own', subject: 'new' });
    };
    byId('camera').onclick = () => this.show(openCamera());
    byId('pause').onclick = () => {
      this.isPaused = !this.isPaused;
      byId('pause').textContent = this.isPaused ? 'Go on' : 'Pause';
    };
    byId('compare').onclick = () => this.begin((mine) => this.compare(mine));
    byId('theme').onclick = () => this.changeTheme();
    matchMedia('(prefers-color-scheme: dark)').onchange = () => this.charts.recolor();
    textBox().value = SAMPLE_TEXT;
    textBox().oninput = () => (this.file = undefined);
    document.ondragover = (event) => event.preventDefault();
    document.ondrop = (event) => {
      event.preventDefault();
      this.take([...(event.dataTransfer?.files ?? [])]);
    };
  }

  /** Files that were chosen or dropped: a model, a picture, a video, or bytes to tell the kind of. */
  private take(files: File[]): void {
    const [first] = files;
    if (!first) return;
    if (this.task === 'text') {
      this.begin(async (mine) => {
        this.file = new Uint8Array(await first.arrayBuffer());
        textBox().value = `${first.name}, ${this.file.length} bytes`;
        await this.run(mine);
      });
    } else if (/^(image|video)\//.test(first.type)) {
      this.show(openFile(first));
    } else {
      const parts = [...files].sort((a) => (a.name.endsWith('.json') ? -1 : 1));
      this.ownModel = io.browserFiles(parts);
      byId<HTMLInputElement>('model-shapes').value = '';
      this.choose({ task: 'own', subject: 'new' });
    }
  }

  /** Shows these frames once they are there; what cannot be opened is said, and what runs goes on. */
  private show(opening: Promise<Frames>): void {
    this.opening = opening;
    opening.then(
      (frames) => (this.opening === opening ? this.showFrames(frames) : frames.close()),
      (error) => this.tellTrouble(`${messageOf(error)} What was shown before goes on.`),
    );
  }

  private showFrames(frames: Frames): void {
    this.tellTrouble('');
    this.begin(async (mine) => {
      this.frames?.close();
      this.frames = frames;
      this.screen.draw(frames);
      await this.run(mine);
    });
  }

  private changeTheme(): void {
    const root = document.documentElement;
    const isDark = getComputedStyle(root).colorScheme === 'dark' || prefersDark(root);
    root.dataset.theme = isDark ? 'light' : 'dark';
    this.charts.recolor();
  }
}

const prefersDark = (root: HTMLElement): boolean =>
  root.dataset.theme === undefined && matchMedia('(prefers-color-scheme: dark)').matches;

const textBox = (): HTMLTextAreaElement => byId('text');
const encode = (text: string): Uint8Array => new TextEncoder().encode(text.trim());

/** Lets the browser draw; a hidden page goes on slowly. */
const pause = (): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, PAUSE_MS);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      resolve();
    });
  });

watchGpu();
if ('GPUAdapter' in globalThis) watchDevices();
const support = await findSupport();
await new App(support).start();
