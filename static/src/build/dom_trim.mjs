/**
 * Empties the DOM interfaces that no lesson uses: their names stay, so that nothing dangles, their bodies go.
 * This halves lib.dom in the type pack. Take a prefix out of the list when a lesson needs that part of the DOM.
 */
const UNUSED = [
  "WebGL|WEBGL|GPU|RTC|OES_|EXT_|ANGLE_|KHR_|OVR_|XR",
  "Audio|BaseAudio|Biquad|Oscillator|Analyser|Convolver|Delay|Dynamics|Gain|IIR|Panner|StereoPanner|WaveShaper|PeriodicWave|Offline|MIDI|Speech",
  "Media|SourceBuffer|TextTrack|VTT|Video|Encoded|Screen|Presentation|Remote",
  "SVG(?!Element$|SVGElement$|GraphicsElement$|ElementTagNameMap|.*EventMap)|FE|MathML",
  "Canvas|OffscreenCanvas|Path2D|ImageBitmap|DOM(?:Matrix|Quad|Point)",
  "IDB|Cache|FileSystem|Lock|Cookie|ServiceWorker|Push|Notification|WakeLock",
  "Payment|Credential|PublicKey|Authenticat|SubtleCrypto|Ec|Rsa|Hmac|Aes|Hkdf|Pbkdf2|Trusted|Report",
  "CSS(?!StyleDeclaration|Rule|StyleSheet)|Font|View|Timeline|Scroll|Animation(?!Event)|Fullscreen",
  "Performance(?!$|Entry)|Geolocation|Gamepad|XSLT|XPath|WebTransport|Ink|Navigation|Range|StaticRange|Selection|Mutation|Intersection|Resize|Viewport|Texture",
];
const UNUSED_NAME = new RegExp(`^(?:${UNUSED.join("|")})`);
const NAMES_TAGS_OR_EVENTS = /(?:EventMap|TagNameMap)$/;

/** Interfaces with two parents must say themselves which of their two listeners they have. */
const HAS_TWO_PARENTS = /^(?:SVG|MathML|ServiceWorker$)/;
const LISTENER = /^(?:add|remove)EventListener$/;

const keptMembers = ({ name, members }) =>
  HAS_TWO_PARENTS.test(name.text) ? members.filter((member) => LISTENER.test(member.name?.text ?? "")) : [];

const isUnused = (name) => UNUSED_NAME.test(name) && !NAMES_TAGS_OR_EVENTS.test(name);

export function trimDom(ts, file) {
  const { factory } = ts;
  const any = () => factory.createKeywordTypeNode(ts.SyntaxKind.AnyKeyword);
  const statements = file.statements.map((statement) => {
    if (ts.isInterfaceDeclaration(statement) && isUnused(statement.name.text)) {
      return factory.updateInterfaceDeclaration(
        statement, statement.modifiers, statement.name, statement.typeParameters, statement.heritageClauses,
        keptMembers(statement));
    }
    if (ts.isVariableStatement(statement) && isUnused(statement.declarationList.declarations[0].name.text)) {
      const [declaration] = statement.declarationList.declarations;
      const untyped = factory.updateVariableDeclaration(declaration, declaration.name, undefined, any(), undefined);
      return factory.updateVariableStatement(
        statement, statement.modifiers, factory.updateVariableDeclarationList(statement.declarationList, [untyped]));
    }
    return statement;
  });
  return factory.updateSourceFile(file, statements);
}
