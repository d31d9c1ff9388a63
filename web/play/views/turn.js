import { html, useState } from '/vendor/preact.js';
import { parsePiece } from '../pieces.js';
import { hintPlays, judgePlay, playAhead, typeName } from '../rules.js';
import { canSend, isOwnMove } from '../state.js';
import { Hand } from './hand.js';
import { MiniPieces } from './piece.js';
import { Plays } from './plays.js';
import { Refusal } from './refusal.js';

export function Turn({ state, hand, send }) {
  const { round, phaseData } = state.game;
  const {
    current_turn_number: number,
    turn_plays: turnPlays,
    turn_order: order,
    required_piece_count: required,
    current_turn_starter: leader,
  } = phaseData;
  const plays = Object.entries(turnPlays).map(([player, play]) => ({ player, pieces: play.pieces.map(parsePiece) }));
  const ahead = playAhead(plays);
  return html`
    <section class="panel stage" aria-labelledby="stage-title">
      <h2 id="stage-title">Turn ${number}</h2>
      <p class="muted">${led(leader, turnPlays[leader])}</p>
      <${Plays} order=${order} plays=${turnPlays} mark=${ahead?.player} markText="ahead" />
    </section>
    <${Choice} key=${`${round}/${number}/${hand.length}`} ...${{ state, hand, send, required, ahead }} />
  `;
}

function led(leader, play) {
  if (play === undefined) return `${leader} leads.`;
  return `${leader} led: ${typeName(play.play_type)}. Only a stronger one beats it.`;
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
  const verdict = ownMove
    ? judgePlay(
        indices.map((index) => hand[index]),
        required,
        ahead,
      )
    : { allowed: false, text: selected.size > 0 ? `${selected.size} selected for your turn.` : 'It is not your turn.' };
  const canPlay = ownMove && verdict.allowed && canSend(state);
  const hints = ownMove ? hintPlays(hand, required, ahead) : [];
  return html`
    <${Hand} hand=${hand} selected=${selected} onToggle=${toggle}>
      <div class="actions">
        <button
          class="primary"
          data-testid="play"
          aria-disabled=${!canPlay}
          aria-describedby="verdict"
          onClick=${() => canPlay && send('play', { player_name: state.name, piece_indices: indices })}
        >
          ${indices.length > 1 ? `Play ${indices.length} pieces` : 'Play'}
        </button>
        <span id="verdict" class="line" data-testid="verdict" role="status">${verdict.text}</span>
      </div>
      <${Refusal} state=${state} />
      <div class="hints" data-testid="hints">
        <span class="small muted">${hintLead(ownMove, required, hints)}</span>
        ${hints.map(
          ({ type, indices: hinted }) => html`
            <button key=${type} class="hint" onClick=${() => setSelected(new Set(hinted))}>
              ${typeName(type)} <${MiniPieces} pieces=${hinted.map((index) => hand[index])} />
            </button>
          `,
        )}
      </div>
    <//>
  `;
}

function hintLead(ownMove, required, hints) {
  if (!ownMove) return 'You may choose ahead.';
  if (required === null) return 'You may lead any of these types; shown is your strongest:';
  return hints.length > 0
    ? 'Your weakest that takes the lead:'
    : 'Nothing in your hand takes the lead: play what you need least.';
}
