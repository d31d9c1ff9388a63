import { html, useState } from '/vendor/preact.js';
import { parsePiece } from '../pieces.js';
import { hintPlays, judgePlay, playAhead, typeName } from '../rules.js';
import { canSend, isOwnMove } from '../state.js';
import { Hand } from './hand.js';
import { Plays } from './plays.js';
import { Refusal } from './refusal.js';

export function Turn({ state, hand, send }) {
  const { round, phaseData } = state.game;
  const {
    current_turn_number: number,
    turn_plays: turnPlays,
    turn_order: order,
    required_piece_count: required,
  } = phaseData;
  const plays = Object.entries(turnPlays).map(([player, play]) => ({ player, pieces: play.pieces.map(parsePiece) }));
  const ahead = playAhead(plays);
  return html`
    <h2>Turn ${number}</h2>
    <p role="status" data-testid="turn-status">${situation(state)}</p>
    <${Plays} order=${order} plays=${turnPlays} mark=${ahead?.player} markText="ahead" />
    ${hand.length > 0 && html`<${Choice} key=${`${round}/${number}/${hand.length}`} ...${{ state, hand, send, required, ahead }} />`}
  `;
}

function situation(state) {
  const { phaseData } = state.game;
  const { current_player: player, required_piece_count: required, current_turn_starter: leader } = phaseData;
  if (phaseData.turn_complete) return 'All have played.';
  const who = isOwnMove(state) ? 'Your turn' : `${player} is to play`;
  if (required === null) {
    return isOwnMove(state) ? `${who}: lead with 1 to 6 pieces that form a type.` : `${who} and leads.`;
  }
  const led = typeName(phaseData.turn_plays[leader]?.play_type);
  return `${who}: ${required === 1 ? '1 piece' : `${required} pieces`}. ${leader} led: ${led}.`;
}

/** Selecting is possible ahead of the own turn; the button then waits for it. */
function Choice({ state, hand, send, required, ahead }) {
  const [selected, setSelected] = useState(new Set());
  const toggle = (index) => {
    const next = new Set(selected);
    if (!next.delete(index)) next.add(index);
    setSelected(next);
  };
  const ownMove = isOwnMove(state);
  const indices = [...selected].sort((a, b) => a - b);
  const verdict = judgePlay(
    indices.map((index) => hand[index]),
    required,
    ahead,
  );
  const hints = ownMove ? hintPlays(hand, required, ahead) : [];
  return html`
    <${Hand} hand=${hand} selected=${selected} onToggle=${toggle} />
    ${
      ownMove &&
      html`
        <div class="actions">
          <button
            class="primary"
            data-testid="play"
            disabled=${!verdict.allowed || !canSend(state)}
            onClick=${() => send('play', { player_name: state.name, piece_indices: indices })}
          >
            ${indices.length > 1 ? `Play ${indices.length} pieces` : 'Play'}
          </button>
          <span data-testid="verdict" role="status">${verdict.text}</span>
        </div>
        <${Refusal} state=${state} />
        <div class="hints" data-testid="hints">
          <span class="muted">${hintLead(required, hints)}</span>
          ${hints.map(
            ({ type, indices: hinted }) =>
              html`<button key=${type} class="hint" onClick=${() => setSelected(new Set(hinted))}>${typeName(type)}</button>`,
          )}
        </div>
      `
    }
    ${!ownMove && selected.size > 0 && html`<p class="muted">${selected.size} selected for your turn.</p>`}
  `;
}

function hintLead(required, hints) {
  if (required === null) return 'Hint: your strongest';
  return hints.length > 0
    ? 'Hint: your weakest that takes the lead'
    : 'Hint: nothing in your hand takes the lead; play what you need least.';
}
