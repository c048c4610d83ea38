import { Refused } from "../api/client";
import { Icon } from "./Icon";

/** Why something could not be shown. */
export function Problem({ error }: { error: Error | null }) {
  if (error === null) return null;
  const isLogin = error instanceof Refused && error.status === 401;
  return (
    <div class="problem" role="alert">
      <Icon name="errors" />
      <span>
        {error.message}
        {isLogin && (
          <>
            {" "}
            <a class="link" href="./">
              Log in again
            </a>
          </>
        )}
      </span>
    </div>
  );
}
