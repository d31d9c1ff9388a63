/**
 * What shows nothing, breaks or turns the text around it, or is half a character: controls and formats, blanks that are
 * letters by their kind, code points that are none.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/u;

/** Pictures are made of several code points, joined by ones that show nothing elsewhere. */
const PICTURE =
  /\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?(?:\u200d\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?)*/gu;

/** Scripts that share letters by their looks: nobody's name is of two of them. */
const LOOK_ALIKE = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u];

/** Marks upon one letter that no language needs, and that cover the lines above and below. */
const PILE = /\p{M}{5}/u;

/**
 * Whether people could take a name for another one, or a terminal for an order. Names that are equal to the eye must be
 * equal to the room, which compares them letter by letter: so only one spelling of a text is a name (NFKC).
 */
export function isDeceptive(name: string): boolean {
  const letters = name.replace(PICTURE, '');
  return (
    INVISIBLE.test(letters) ||
    PILE.test(letters) ||
    letters.normalize('NFKC') !== letters ||
    LOOK_ALIKE.filter((script) => script.test(letters)).length > 1
  );
}
