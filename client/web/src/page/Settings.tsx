import { useEffect, useRef, useState } from "react";

export interface Address {
  readonly url: string;
  readonly token: string;
}

interface Props {
  readonly address: Address;
  readonly ownUrl: string;
  onChoose(address: Address): void;
  onLeave(): void;
}

export function Settings({ address, ownUrl, onChoose, onLeave }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [url, setUrl] = useState(address.url);
  const [token, setToken] = useState(address.token);

  useEffect(() => dialog.current?.showModal(), []);

  return (
    <dialog ref={dialog} onClose={onLeave} aria-labelledby="settings-title">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onChoose({ url: url.trim() || ownUrl, token: token.trim() });
        }}
      >
        <h2 id="settings-title">Settings</h2>
        <label>
          Address of the WebSocket API
          <input
            value={url}
            onChange={({ target }) => setUrl(target.value)}
            placeholder={ownUrl}
            pattern="\s*wss?://\S+\s*"
            title="An address that begins with ws:// or wss://. Left empty, it is the page's own."
            spellCheck={false}
            inputMode="url"
          />
        </label>
        <label>
          Token, if the service asks for one
          <textarea
            value={token}
            onChange={({ target }) => setToken(target.value)}
            rows={4}
            spellCheck={false}
            autoComplete="off"
            aria-describedby="settings-token"
          />
        </label>
        <p id="settings-token" className="hint">
          The page forgets the token when it is closed or loaded again. A new address or token ends the answers under way.
        </p>
        <div className="buttons">
          <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit">Connect</button>
        </div>
      </form>
    </dialog>
  );
}
