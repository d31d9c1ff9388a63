import { html, useState } from '/vendor/preact.js';
import { sentence, words } from '../format.js';

/**
 * A form for whatever a message's JSON Schema asks: whole numbers, numbers, texts, choices, yes and no, lists of them; any
 * other shape as JSON.
 * @param messages `[{ type, by, schema }]`
 * @param suggested type that is chosen at first
 * @param onSend `(message) => Promise`
 */
export function MessageForm({ messages, suggested, isBusy, onSend }) {
  const [chosen, setChosen] = useState(null);
  const type = chosen ?? (messages.some((each) => each.type === suggested) ? suggested : messages[0].type);
  const { schema } = messages.find((each) => each.type === type);
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => name !== 'type');
  const [texts, setTexts] = useState({});
  const [fault, setFault] = useState(null);
  const valueOf = (name, field) => texts[`${type}.${name}`] ?? initialOf(field);

  const send = (event) => {
    event.preventDefault();
    const message = { type };
    for (const [name, field] of fields) {
      const read = readField(field, valueOf(name, field), schema.required?.includes(name) ?? false);
      if (read.fault !== undefined) return setFault(`${sentence(words(name))}: ${read.fault}`);
      if (read.value !== undefined) message[name] = read.value;
    }
    setFault(null);
    void onSend(message);
  };
  return html`
    <form class="stack" onSubmit=${send} data-testid="message-form">
      <div class="form-grid">
        <label class="field">
          <span>Message</span>
          <select data-testid="message-type" value=${type} onChange=${({ target }) => setChosen(target.value)}>
            ${messages.map((each) => html`<option key=${each.type} value=${each.type} selected=${each.type === type}>${words(each.type)} (${each.by})</option>`)}
          </select>
        </label>
        ${fields.map(([name, field]) => html`<${Field} key=${`${type}.${name}`} ...${{ name, field }} text=${valueOf(name, field)} isRequired=${schema.required?.includes(name) ?? false} onChange=${(text) => setTexts({ ...texts, [`${type}.${name}`]: text })} />`)}
        <button class="primary" data-testid="send" disabled=${isBusy}>Send</button>
      </div>
      <p class="bad small" role="alert">${fault ?? ''}</p>
    </form>
  `;
}

function Field({ name, field, text, isRequired, onChange }) {
  const label = `${words(name)}${isRequired ? '' : ' (optional)'}`;
  const change = ({ target }) => onChange(target.type === 'checkbox' ? String(target.checked) : target.value);
  const shared = { value: text, 'data-testid': `field-${name}`, onInput: change };
  const choices = choicesOf(field);
  if (choices !== null) {
    return html`<label class="field"><span>${label}</span>
      <select ...${shared}>
        ${!isRequired && html`<option value="">–</option>`}
        ${choices.map((choice) => html`<option key=${choice} value=${String(choice)} selected=${String(choice) === text}>${String(choice)}</option>`)}
      </select></label>`;
  }
  if (field.type === 'boolean') {
    return html`<label class="check"><input type="checkbox" checked=${text === 'true'} data-testid=${`field-${name}`} onChange=${change} /><span>${label}</span></label>`;
  }
  if (field.type === 'integer' || field.type === 'number') {
    return html`<label class="field"><span>${label}</span>
      <input type="number" step=${field.type === 'integer' ? 1 : 'any'} min=${field.minimum} max=${field.maximum} required=${isRequired} ...${shared} /></label>`;
  }
  if (field.type === 'array') {
    return html`<label class="field"><span>${label}</span><input placeholder="0, 1, …" ...${shared} /></label>`;
  }
  if (field.type === 'string') {
    return html`<label class="field"><span>${label}</span><input maxlength=${field.maxLength} required=${isRequired} ...${shared} /></label>`;
  }
  return html`<label class="field"><span>${label}, as JSON</span><input class="mono" required=${isRequired} ...${shared} /></label>`;
}

/** Few enough values are chosen rather than typed. */
function choicesOf({ const: only, enum: several, type, minimum, maximum }) {
  if (only !== undefined) return [only];
  if (several !== undefined) return several;
  if (type === 'integer' && maximum - minimum < 10)
    return Array.from({ length: maximum - minimum + 1 }, (_, index) => minimum + index);
  return null;
}

function initialOf(field) {
  if (field.default !== undefined) return String(field.default);
  return String(choicesOf(field)?.[0] ?? (field.type === 'boolean' ? false : ''));
}

/** @returns `{ value }`, undefined where it is left out, or `{ fault }` */
function readField(field, text, isRequired) {
  const written = text.trim();
  if (written === '' && !isRequired) return {};
  const choice = choicesOf(field)?.find((each) => String(each) === text);
  if (choice !== undefined) return { value: choice };
  switch (field.type) {
    case 'boolean':
      return { value: text === 'true' };
    case 'integer':
    case 'number':
      return written !== '' && Number.isFinite(Number(written))
        ? { value: Number(written) }
        : { fault: 'a number is needed' };
    case 'array': {
      const items = written === '' ? [] : written.split(',').map((item) => readField(field.items ?? {}, item, true));
      return items.find(({ fault }) => fault !== undefined) ?? { value: items.map(({ value }) => value) };
    }
    case 'string':
      return { value: text };
    default:
      try {
        return { value: JSON.parse(text) };
      } catch {
        return { fault: 'JSON is needed, e.g. 2 or "name"' };
      }
  }
}
