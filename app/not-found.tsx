import { ButtonLink } from "./_ui/Button";
import { EmptyState } from "./_ui/EmptyState";

export default function NotFound() {
  return (
    <main id="main" className="flex flex-1 items-center justify-center">
      <EmptyState title="There is nothing here" action={<ButtonLink href="/">Go to the projects</ButtonLink>}>
        The address is wrong, the project was deleted, or you are not a member of it.
      </EmptyState>
    </main>
  );
}
